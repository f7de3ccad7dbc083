package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"cabanas/internal/accounts"
	"cabanas/store/postgres"
)

func addUsers(s staff, o *Options) {
	routes := userRoutes{o}
	staffRoute(s, accounts.Owner, huma.Operation{
		OperationID: "list-users", Method: http.MethodGet, Path: prefix + "/admin/users", Tags: []string{tagStaff}, Summary: "Accounts of staff",
		Description: "In the order in which they were made. Filters that are given both have to hold.",
	}, routes.list)
	staffRoute(s, accounts.Owner, huma.Operation{
		OperationID: "create-user", Method: http.MethodPost, Path: prefix + "/admin/users", Tags: []string{tagStaff},
		Summary: "Add an account", DefaultStatus: http.StatusCreated, Errors: []int{http.StatusConflict},
	}, routes.create)
	staffRoute(s, accounts.Owner, huma.Operation{
		OperationID: "change-user", Method: http.MethodPatch, Path: prefix + "/admin/users/{id}", Tags: []string{tagStaff},
		Summary:     "Give an account another role, close or open it",
		Description: "Closing ends its sessions at once. The last owner stays one.",
		Errors:      []int{http.StatusNotFound, http.StatusConflict},
	}, routes.change)
	staffRoute(s, accounts.Owner, huma.Operation{
		OperationID: "disable-user", Method: http.MethodPost, Path: prefix + "/admin/users/{id}/disable", Tags: []string{tagStaff},
		Summary:     "Close an account",
		Description: "Ends its sessions at once. The last owner stays one.",
		Errors:      []int{http.StatusNotFound, http.StatusConflict},
	}, routes.disable)
	staffRoute(s, accounts.Owner, huma.Operation{
		OperationID: "enable-user", Method: http.MethodPost, Path: prefix + "/admin/users/{id}/enable", Tags: []string{tagStaff},
		Summary:     "Open an account that was closed",
		Description: "Its sessions stay ended.",
		Errors:      []int{http.StatusNotFound},
	}, routes.enable)
}

type userRoutes struct{ *Options }

type user struct {
	ID         int64      `json:"id"`
	Email      string     `json:"email"`
	Role       string     `json:"role" enum:"owner,staff,readonly"`
	TOTP       bool       `json:"totp" doc:"Whether a second factor is asked for at login."`
	CreatedAt  time.Time  `json:"created_at"`
	DisabledAt *time.Time `json:"disabled_at" doc:"When the account was closed; null while it is open."`
}

func accountUser(a accounts.Account) user {
	return user{ID: a.ID, Email: a.Email, Role: string(a.Role), TOTP: a.TOTP, CreatedAt: a.CreatedAt.UTC(), DisabledAt: timeOrNull(a.DisabledAt)}
}

func timeOrNull(at time.Time) *time.Time {
	if at.IsZero() {
		return nil
	}
	at = at.UTC()
	return &at
}

type userList struct {
	Items      []user  `json:"items" nullable:"false"`
	NextCursor *string `json:"next_cursor" doc:"Give it as cursor to get the next page; null on the last."`
}

type userListOutput struct{ Body userList }

type userListInput struct {
	Limit  int    `query:"limit" minimum:"1" maximum:"100" default:"50" doc:"Most items in one page."`
	Cursor string `query:"cursor" maxLength:"64" doc:"next_cursor of the page before."`
	Role   string `query:"role" enum:"owner,staff,readonly" doc:"Only those."`
	Active string `query:"active" enum:"true,false" doc:"Only those that may come in, or that are closed."`
}

func (r userRoutes) list(ctx context.Context, in *userListInput) (*userListOutput, error) {
	after, err := parseCursor(in.Cursor)
	if err != nil {
		return nil, invalidField(ctx, "query", "cursor", "expected the next_cursor of an earlier answer")
	}
	found, err := r.Accounts.Accounts(ctx, postgres.UserFilter{Role: in.Role, Active: oneOf(in.Active, "true")}, after, in.Limit+1)
	if err != nil {
		return nil, refusal(ctx, r.Logger, "list users", err)
	}
	out := &userListOutput{Body: userList{Items: []user{}}}
	for _, account := range found[:min(in.Limit, len(found))] {
		out.Body.Items = append(out.Body.Items, accountUser(account))
	}
	if len(found) > in.Limit {
		cursor := makeCursor(found[in.Limit-1].ID)
		out.Body.NextCursor = &cursor
	}
	return out, nil
}

type createUserInput struct {
	Body struct {
		Email    string `json:"email" maxLength:"254" example:"encargada@example.org"`
		Role     string `json:"role" enum:"owner,staff,readonly"`
		Password string `json:"password" maxLength:"200" doc:"10 to 200 characters; the person changes it after the first login."`
	}
}

func (r userRoutes) create(ctx context.Context, in *createUserInput) (*userOutput, error) {
	account, err := r.Accounts.CreateAccount(ctx, memberOf(ctx), in.Body.Email, accounts.Role(in.Body.Role), in.Body.Password)
	if err != nil {
		return nil, refusal(ctx, r.Logger, "create user", err)
	}
	return &userOutput{Body: accountUser(account)}, nil
}

type changeUserInput struct {
	ID   int64 `path:"id" minimum:"1"`
	Body struct {
		Role     *accounts.Role `json:"role,omitempty" enum:"owner,staff,readonly"`
		Disabled *bool          `json:"disabled,omitempty"`
	}
}

func (r userRoutes) change(ctx context.Context, in *changeUserInput) (*userOutput, error) {
	return r.changed(ctx, in.ID, in.Body.Role, in.Body.Disabled)
}

type userInput struct {
	ID int64 `path:"id" minimum:"1"`
}

func (r userRoutes) disable(ctx context.Context, in *userInput) (*userOutput, error) {
	disabled := true
	return r.changed(ctx, in.ID, nil, &disabled)
}

func (r userRoutes) enable(ctx context.Context, in *userInput) (*userOutput, error) {
	disabled := false
	return r.changed(ctx, in.ID, nil, &disabled)
}

func (r userRoutes) changed(ctx context.Context, id int64, role *accounts.Role, disabled *bool) (*userOutput, error) {
	account, err := r.Accounts.ChangeAccount(ctx, memberOf(ctx), id, role, disabled)
	if err != nil {
		return nil, refusal(ctx, r.Logger, "change user", err)
	}
	return &userOutput{Body: accountUser(account)}, nil
}
