package codec

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"errors"
	"html/template"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"cabanas/booking"
	"cabanas/internal/accounts"
)

// largestForm is far above an e-mail address, a password and a code.
const largestForm = 8 << 10

//go:embed login.html
var loginText string

//go:embed login.css
var loginStyle string

var (
	loginPage = template.Must(template.New("login").Parse(loginText))
	// styleHash is what lets the page's style pass the policy that lets no other pass.
	styleHash = func() string {
		sum := sha256.Sum256([]byte(loginStyle))
		return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
	}()
)

// addLogin registers the page on which people come in, whose browser then brings a cookie when the UI asks.
func (s *Server) addLogin() {
	s.router.GET("/", func(c *gin.Context) { c.Redirect(http.StatusSeeOther, "login") })
	s.router.GET("/login", s.showLogin)
	s.router.POST("/login", s.ownForm, s.logIn)
	s.router.POST("/logout", s.ownForm, s.logOut)
}

// ownForm takes forms of our own page only: another site must not log anybody in or out.
func (s *Server) ownForm(c *gin.Context) {
	if err := s.foreign.Check(c.Request); err != nil {
		refuse(c, http.StatusForbidden, "the form is not of this page")
		return
	}
	c.Request.Body = http.MaxBytesReader(c.Writer, c.Request.Body, largestForm)
	if err := c.Request.ParseForm(); err != nil {
		refuse(c, http.StatusBadRequest, "the form cannot be read")
	}
}

func (s *Server) showLogin(c *gin.Context) {
	member, err := s.sessions.member(c.Request.Context(), cookieOf(c.Request))
	if err != nil {
		s.page(c, http.StatusOK, shown{})
		return
	}
	s.page(c, http.StatusOK, shown{Email: member.Email})
}

func (s *Server) logIn(c *gin.Context) {
	ctx, form := c.Request.Context(), c.Request.PostForm
	grant, err := s.Accounts.LogIn(ctx, accounts.Credentials{
		Email: form.Get("email"), Password: form.Get("password"), TOTP: strings.TrimSpace(form.Get("totp")), Address: clientAddress(c),
	})
	if err != nil {
		s.notIn(c, err)
		return
	}
	member, err := s.Accounts.Identify(ctx, grant.AccessToken)
	if err != nil {
		s.notIn(c, err)
		return
	}
	if !member.Role.Covers(accounts.Staff) {
		if err := s.Accounts.LogOut(ctx, member); err != nil {
			s.Logger.WarnContext(ctx, "codec_session_left_open", "session_id", member.SessionID, "error", err)
		}
		s.page(c, http.StatusForbidden, shown{Problem: "Tu cuenta es de solo lectura: no puede ver datos descifrados."})
		return
	}
	http.SetCookie(c.Writer, cookie(c.Request, s.sessions.open(grant), sessionLife))
	c.Redirect(http.StatusSeeOther, "login")
}

func (s *Server) logOut(c *gin.Context) {
	ctx, id := c.Request.Context(), cookieOf(c.Request)
	if member, err := s.sessions.member(ctx, id); err == nil {
		if err := s.Accounts.LogOut(ctx, member); err != nil {
			s.Logger.WarnContext(ctx, "codec_session_left_open", "session_id", member.SessionID, "error", err)
		}
	}
	s.sessions.end(id)
	http.SetCookie(c.Writer, cookie(c.Request, "", -time.Second))
	c.Redirect(http.StatusSeeOther, "login")
}

// notIn says why somebody was not let in, as far as it may be told.
func (s *Server) notIn(c *gin.Context, err error) {
	throttled, ok := errors.AsType[*accounts.ThrottledError](err)
	switch {
	case ok:
		c.Header("Retry-After", strconv.Itoa(int(throttled.Wait/time.Second)+1))
		s.page(c, http.StatusTooManyRequests, shown{Problem: "Demasiados intentos. Esperá unos minutos y probá de nuevo."})
	case booking.IsCode(err, accounts.CodeBadCredentials):
		s.page(c, http.StatusUnauthorized, shown{Problem: "El correo o la contraseña no son correctos."})
	case booking.IsCode(err, accounts.CodeTOTPRequired):
		s.page(c, http.StatusUnauthorized, shown{Problem: "Falta el código de tu segundo factor."})
	case booking.IsCode(err, accounts.CodeBadTOTP):
		s.page(c, http.StatusUnauthorized, shown{Problem: "El código del segundo factor no es correcto."})
	default:
		s.Logger.ErrorContext(c.Request.Context(), "codec_login_failed", "error", err)
		s.page(c, http.StatusServiceUnavailable, shown{Problem: "Ahora no se puede entrar. Probá de nuevo en un rato."})
	}
}

// shown is what the page lays out; with an address somebody is in.
type shown struct {
	Problem, Email, UI string
	Style              template.CSS
}

func (s *Server) page(c *gin.Context, status int, view shown) {
	view.Style, view.UI = template.CSS(loginStyle), s.UIOrigin
	var body bytes.Buffer
	if err := loginPage.Execute(&body, view); err != nil {
		s.Logger.ErrorContext(c.Request.Context(), "codec_page_not_laid_out", "error", err)
		c.Status(http.StatusInternalServerError)
		return
	}
	c.Data(status, "text/html; charset=utf-8", body.Bytes())
}

// The cookie's names. The first is one that browsers take over TLS only and from this host only.
const (
	secureCookie = "__Host-cabanas-codec"
	localCookie  = "cabanas-codec"
)

// cookie is sent along by pages of another origin, for that is what the UI is: browsers want it secure then. On this machine, without
// TLS, UI and codec server are of one site.
func cookie(r *http.Request, value string, life time.Duration) *http.Cookie {
	made := &http.Cookie{Name: secureCookie, Value: value, Path: "/", HttpOnly: true, Secure: true, SameSite: http.SameSiteNoneMode,
		MaxAge: int(life.Seconds())}
	if isLoopback(r.Host) {
		made.Name, made.Secure, made.SameSite = localCookie, false, http.SameSiteLaxMode
	}
	return made
}

func cookieOf(r *http.Request) string {
	name := secureCookie
	if isLoopback(r.Host) {
		name = localCookie
	}
	found, err := r.Cookie(name)
	if err != nil {
		return ""
	}
	return found.Value
}

func isLoopback(hostPort string) bool {
	host, _, err := net.SplitHostPort(hostPort)
	if err != nil {
		host = hostPort
	}
	ip := net.ParseIP(strings.Trim(host, "[]"))
	return strings.EqualFold(host, "localhost") || ip != nil && ip.IsLoopback()
}
