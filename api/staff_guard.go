package api

import (
	"context"
	"log/slog"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humagin"
	"github.com/gin-gonic/gin"

	"cabanas/booking"
	"cabanas/internal/accounts"
)

const (
	staffScheme = "staff"
	// neededRole is the key under which an operation keeps the role it needs.
	neededRole = "role"
)

// staff registers routes for accounts of staff. It is the only way to one, and takes the role first: a route cannot be
// written down without.
type staff struct {
	api      huma.API
	accounts Accounts
	logger   *slog.Logger
	writes   *writes
	limits   *limits
}

func newStaff(api huma.API, o *Options) staff {
	return staff{api: api, accounts: o.Accounts, logger: o.Logger, writes: o.writes, limits: o.limits}
}

// staffRoute registers a route for accounts whose role covers the one needed. The guard comes before anything else: who may
// not come in is not told what is wrong with the rest of the request.
func staffRoute[I, O any](s staff, needed accounts.Role, op huma.Operation, handler func(context.Context, *I) (*O, error)) {
	op.Security = []map[string][]string{{staffScheme: {}}}
	op.Metadata = map[string]any{neededRole: needed}
	op.Extensions = map[string]any{"x-role": string(needed)}
	op.Description = strings.TrimSpace(op.Description + " Needs the role " + string(needed) + orMore(needed) + ".")
	op.Middlewares = append(huma.Middlewares{withClientAddress, s.guard(needed)}, op.Middlewares...)
	if repeatable(&op) {
		op.Middlewares = append(op.Middlewares, s.writes.once)
	}
	for _, status := range []int{http.StatusUnauthorized, http.StatusForbidden, http.StatusServiceUnavailable} {
		if !slices.Contains(op.Errors, status) {
			op.Errors = append(op.Errors, status)
		}
	}
	op.BodyReadTimeout = -1 // see place-hold: the body is read before huma sees it
	huma.Register(s.api, op, handler)
}

func orMore(needed accounts.Role) string {
	if needed == accounts.Owner {
		return ""
	}
	return " or more"
}

func (s staff) guard(needed accounts.Role) func(huma.Context, func(huma.Context)) {
	return func(hc huma.Context, next func(huma.Context)) {
		c := humagin.Unwrap(hc)
		ctx := c.Request.Context()
		member, err := s.identify(ctx, c)
		if err != nil {
			if !s.limits.ofStaff(c, 0) {
				return
			}
			problem := refusal(ctx, s.logger, "identify staff", err)
			if problem.Status == http.StatusUnauthorized {
				c.Header("WWW-Authenticate", `Bearer realm="cabanas"`)
			}
			writeProblem(c, problem)
			return
		}
		if !s.limits.ofStaff(c, member.UserID) {
			return
		}
		if !member.Role.Covers(needed) {
			writeProblem(c, newProblem(ctx, booking.CodeForbidden, "this needs the role "+string(needed)))
			return
		}
		next(huma.WithValue(hc, memberKey{}, member))
	}
}

func (s staff) identify(ctx context.Context, c *gin.Context) (accounts.Member, error) {
	scheme, token, _ := strings.Cut(c.GetHeader("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") || token == "" {
		return accounts.Member{}, booking.Refuse(booking.CodeUnauthorized, "expected Authorization: Bearer with an access token")
	}
	return s.accounts.Identify(ctx, strings.TrimSpace(token))
}

type memberKey struct{}

// memberOf is who has come in; it is there in every handler of a staffRoute.
func memberOf(ctx context.Context) accounts.Member {
	member, _ := ctx.Value(memberKey{}).(accounts.Member)
	return member
}

// Route is one line of the route table. Path has its parameters in braces.
type Route struct {
	Method string
	Path   string
	// Role is what an account of staff needs; empty for routes that are not for staff.
	Role accounts.Role
}

// Routes lists every route of the server.
func (s *Server) Routes() []Route { return slices.Clone(s.routes) }

var ginParameter = regexp.MustCompile(`:(\w+)`)

func routeTable(router *gin.Engine, description *huma.OpenAPI) []Route {
	roles := map[string]accounts.Role{}
	for _, op := range operationsOf(description) {
		roles[op.Method+" "+op.Path], _ = op.Metadata[neededRole].(accounts.Role)
	}
	var table []Route
	for _, route := range router.Routes() {
		path := ginParameter.ReplaceAllString(route.Path, "{$1}")
		table = append(table, Route{Method: route.Method, Path: path, Role: roles[route.Method+" "+path]})
	}
	return table
}
