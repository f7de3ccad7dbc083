package api

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"cabanas/internal/accounts"
	"cabanas/store/postgres"
)

const tagStaff = "Staff"

// Accounts lets staff in and keeps their accounts; *accounts.Desk is one. Its refusals are [booking.Error].
type Accounts interface {
	SetUp(ctx context.Context, token string, c accounts.Credentials) (accounts.Account, error)
	LogIn(ctx context.Context, c accounts.Credentials) (accounts.Grant, error)
	Refresh(ctx context.Context, token string) (accounts.Grant, error)
	// Identify returns who an access token is of, as they are now.
	Identify(ctx context.Context, token string) (accounts.Member, error)
	LogOut(ctx context.Context, m accounts.Member) error
	ChangePassword(ctx context.Context, m accounts.Member, address, oldPassword, newPassword string) error
	EnrollTOTP(ctx context.Context, m accounts.Member, address, password string) (accounts.Enrolment, error)
	ConfirmTOTP(ctx context.Context, m accounts.Member, address, code string) error
	DisableTOTP(ctx context.Context, m accounts.Member, address, password, code string) error
	Accounts(ctx context.Context, filter postgres.UserFilter, after int64, most int) ([]accounts.Account, error)
	CreateAccount(ctx context.Context, m accounts.Member, email string, role accounts.Role, password string) (accounts.Account, error)
	ChangeAccount(ctx context.Context, m accounts.Member, id int64, role *accounts.Role, disabled *bool) (accounts.Account, error)
}

// addStaff registers everything that is for staff.
func addStaff(api, uploads huma.API, o *Options) {
	addDoor(api, o)
	s := newStaff(api, o)
	addSession(s, o)
	addUsers(s, o)
	addConversations(s, o)
	addPayments(s, o)
	addBookingDesk(s, o)
	addRefunds(s, o)
	addProperty(s, o)
	addCatalogue(s, o)
	addRates(s, o)
	addPrivacy(s, o)
	addDashboard(s, o)
	addMonitor(s, o)
	addAnalyze(s, o)
	slow := s
	slow.api = uploads
	addCalendars(s, slow, o)
	addReservationDesk(s, slow, o)
	addLedger(s, slow, o)
	addTranscribe(slow, o)
}

// addDoor registers what somebody without an account or session can ask.
func addDoor(api huma.API, o *Options) {
	routes := sessionRoutes{o}
	open := func(id, path, summary, description string, errors ...int) huma.Operation {
		return huma.Operation{
			OperationID: id, Method: http.MethodPost, Path: prefix + path, Tags: []string{tagStaff}, Summary: summary, Description: description,
			Errors: append([]int{http.StatusBadRequest, http.StatusUnauthorized, http.StatusTooManyRequests, http.StatusServiceUnavailable}, errors...),
			// The body is read before huma sees it; see place-hold.
			BodyReadTimeout: -1,
			Middlewares:     huma.Middlewares{withClientAddress},
		}
	}
	setUp := open("set-up", "/admin/setup", "Make the first owner, once",
		"With the one-time token whose SHA-256 is the setting SETUP_TOKEN_HASH. When there is an owner the answer is 409.", http.StatusConflict)
	setUp.DefaultStatus = http.StatusCreated
	huma.Register(api, setUp, routes.setUp)
	huma.Register(api, open("log-in", "/admin/login", "Come in",
		"With a second factor the answer to a right password without its code is 401 totp_required."), routes.logIn)
	huma.Register(api, open("refresh-session", "/admin/refresh", "Go on with a session",
		"Each refresh token is good once, and the answer has the next one. A token used twice ends the session."), routes.refresh)
}

func addSession(s staff, o *Options) {
	routes := sessionRoutes{o}
	op := func(id, method, path, summary, description string, errors ...int) huma.Operation {
		return huma.Operation{OperationID: id, Method: method, Path: prefix + path, Tags: []string{tagStaff},
			Summary: summary, Description: description, Errors: errors}
	}
	staffRoute(s, accounts.ReadOnly, op("get-me", http.MethodGet, "/admin/me", "Who I am", ""), routes.me)
	staffRoute(s, accounts.ReadOnly, op("log-out", http.MethodPost, "/admin/logout", "End this session",
		"At once, its access tokens included."), routes.logOut)
	staffRoute(s, accounts.ReadOnly, op("change-password", http.MethodPost, "/admin/password", "Change my password",
		"Ends every other session of the account.", http.StatusTooManyRequests), routes.changePassword)
	staffRoute(s, accounts.ReadOnly, op("enroll-totp", http.MethodPost, "/admin/totp/enroll", "Get a second factor",
		"It counts once it is confirmed.", http.StatusConflict, http.StatusTooManyRequests), routes.enroll)
	staffRoute(s, accounts.ReadOnly, op("confirm-totp", http.MethodPost, "/admin/totp/confirm", "Turn the second factor on", "",
		http.StatusConflict, http.StatusTooManyRequests), routes.confirm)
	staffRoute(s, accounts.ReadOnly, op("disable-totp", http.MethodPost, "/admin/totp/disable", "Turn the second factor off", "",
		http.StatusConflict, http.StatusTooManyRequests), routes.disable)
}

type sessionRoutes struct{ *Options }

type setUpInput struct {
	Body struct {
		Token    string `json:"token" maxLength:"200"`
		Email    string `json:"email" maxLength:"254" example:"duena@example.org"`
		Password string `json:"password" maxLength:"200" doc:"10 to 200 characters."`
	}
}

type userOutput struct{ Body user }

func (r sessionRoutes) setUp(ctx context.Context, in *setUpInput) (*userOutput, error) {
	account, err := r.Accounts.SetUp(ctx, in.Body.Token, accounts.Credentials{
		Email: in.Body.Email, Password: in.Body.Password, Address: addressOf(ctx)})
	if err != nil {
		return nil, refusal(ctx, r.Logger, "set up", err)
	}
	return &userOutput{Body: accountUser(account)}, nil
}

type logInInput struct {
	Body struct {
		Email    string `json:"email" maxLength:"254" example:"duena@example.org"`
		Password string `json:"password" maxLength:"1000"`
		TOTP     string `json:"totp,omitempty" maxLength:"20" doc:"The code of the second factor, where there is one."`
	}
}

type grantOutput struct{ Body grant }

type grant struct {
	AccessToken  string `json:"access_token" doc:"For the header Authorization: Bearer."`
	RefreshToken string `json:"refresh_token" doc:"Good once."`
	TokenType    string `json:"token_type" enum:"Bearer"`
	ExpiresIn    int    `json:"expires_in" doc:"Life of the access token in seconds."`
}

func grantOf(g accounts.Grant) *grantOutput {
	return &grantOutput{Body: grant{AccessToken: g.AccessToken, RefreshToken: g.RefreshToken, TokenType: "Bearer", ExpiresIn: int(g.ExpiresIn.Seconds())}}
}

func (r sessionRoutes) logIn(ctx context.Context, in *logInInput) (*grantOutput, error) {
	granted, err := r.Accounts.LogIn(ctx, accounts.Credentials{
		Email: in.Body.Email, Password: in.Body.Password, TOTP: in.Body.TOTP, Address: addressOf(ctx)})
	if err != nil {
		return nil, refusal(ctx, r.Logger, "log in", err)
	}
	return grantOf(granted), nil
}

type refreshInput struct {
	Body struct {
		RefreshToken string `json:"refresh_token" maxLength:"200"`
	}
}

func (r sessionRoutes) refresh(ctx context.Context, in *refreshInput) (*grantOutput, error) {
	granted, err := r.Accounts.Refresh(ctx, in.Body.RefreshToken)
	if err != nil {
		return nil, refusal(ctx, r.Logger, "refresh session", err)
	}
	return grantOf(granted), nil
}

type meOutput struct {
	Body struct {
		ID    int64  `json:"id"`
		Email string `json:"email"`
		Role  string `json:"role" enum:"owner,staff,readonly"`
		TOTP  bool   `json:"totp" doc:"Whether a second factor is asked for at login."`
	}
}

func (r sessionRoutes) me(ctx context.Context, _ *struct{}) (*meOutput, error) {
	member, out := memberOf(ctx), &meOutput{}
	out.Body.ID, out.Body.Email, out.Body.Role, out.Body.TOTP = member.UserID, member.Email, string(member.Role), member.TOTP
	return out, nil
}

func (r sessionRoutes) logOut(ctx context.Context, _ *struct{}) (*struct{}, error) {
	if err := r.Accounts.LogOut(ctx, memberOf(ctx)); err != nil {
		return nil, refusal(ctx, r.Logger, "log out", err)
	}
	return nil, nil
}

type passwordInput struct {
	Body struct {
		OldPassword string `json:"old_password" maxLength:"1000"`
		NewPassword string `json:"new_password" maxLength:"200" doc:"10 to 200 characters."`
	}
}

func (r sessionRoutes) changePassword(ctx context.Context, in *passwordInput) (*struct{}, error) {
	if err := r.Accounts.ChangePassword(ctx, memberOf(ctx), addressOf(ctx), in.Body.OldPassword, in.Body.NewPassword); err != nil {
		return nil, refusal(ctx, r.Logger, "change password", err)
	}
	return nil, nil
}

type enrollInput struct {
	Body struct {
		Password string `json:"password" maxLength:"1000"`
	}
}

type enrollOutput struct {
	Body struct {
		Secret string `json:"secret" doc:"Base32, to type into an authenticator app. Shown here and never again."`
		URL    string `json:"otpauth_url" doc:"The same to scan as a QR code."`
	}
}

func (r sessionRoutes) enroll(ctx context.Context, in *enrollInput) (*enrollOutput, error) {
	enrolment, err := r.Accounts.EnrollTOTP(ctx, memberOf(ctx), addressOf(ctx), in.Body.Password)
	if err != nil {
		return nil, refusal(ctx, r.Logger, "enroll second factor", err)
	}
	out := &enrollOutput{}
	out.Body.Secret, out.Body.URL = enrolment.Secret, enrolment.URL
	return out, nil
}

type confirmInput struct {
	Body struct {
		Code string `json:"totp" maxLength:"20" doc:"A code of the enrolled second factor."`
	}
}

func (r sessionRoutes) confirm(ctx context.Context, in *confirmInput) (*struct{}, error) {
	if err := r.Accounts.ConfirmTOTP(ctx, memberOf(ctx), addressOf(ctx), in.Body.Code); err != nil {
		return nil, refusal(ctx, r.Logger, "confirm second factor", err)
	}
	return nil, nil
}

type disableInput struct {
	Body struct {
		Password string `json:"password" maxLength:"1000"`
		Code     string `json:"totp" maxLength:"20"`
	}
}

func (r sessionRoutes) disable(ctx context.Context, in *disableInput) (*struct{}, error) {
	if err := r.Accounts.DisableTOTP(ctx, memberOf(ctx), addressOf(ctx), in.Body.Password, in.Body.Code); err != nil {
		return nil, refusal(ctx, r.Logger, "disable second factor", err)
	}
	return nil, nil
}
