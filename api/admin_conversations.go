package api

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"strings"
	"unicode"

	"github.com/danielgtaylor/huma/v2"

	"cabanas/booking"
	"cabanas/internal/accounts"
	"cabanas/internal/observe"
	"cabanas/store/postgres"
)

const tagConversations = "Conversations"

// Switchboard is where staff reads along and talks to guests; *activities.Switchboard is one. Its refusals are
// [booking.Error].
type Switchboard interface {
	List(ctx context.Context, filter postgres.ConversationFilter, before int64, most int) ([]postgres.Conversation, error)
	Thread(ctx context.Context, guestID, before int64, most int) (postgres.Conversation, []postgres.Message, error)
	TakeOver(ctx context.Context, guestID int64, by postgres.Author) (postgres.Conversation, error)
	HandBack(ctx context.Context, guestID int64, by postgres.Author) (postgres.Conversation, error)
	// Reply refuses with [postgres.CodeWindowClosed], and with [booking.CodeDuplicate] for a key used for other words.
	Reply(ctx context.Context, guestID int64, key, text string, by postgres.Author) (messageID int64, err error)
}

func addConversations(s staff, o *Options) {
	routes := conversationRoutes{o}
	path := prefix + "/admin/conversations"
	op := func(id, method, path, summary, description string, errors ...int) huma.Operation {
		return huma.Operation{OperationID: id, Method: method, Path: path, Tags: []string{tagConversations},
			Summary: summary, Description: description, Errors: errors}
	}
	staffRoute(s, accounts.ReadOnly, op("list-conversations", http.MethodGet, path, "Conversations with guests",
		"The one with the newest message first. Filters that are given all have to hold.", http.StatusUnprocessableEntity), routes.list)
	staffRoute(s, accounts.ReadOnly, op("get-conversation", http.MethodGet, path+"/{guest_id}", "What was said with a guest",
		"Newest first.", http.StatusNotFound), routes.thread)
	staffRoute(s, accounts.Staff, op("take-over", http.MethodPost, path+"/{guest_id}/take-over", "Answer a guest myself",
		"The bot is silent until taken_over_until, or until somebody hands back.", http.StatusNotFound), routes.takeOver)
	staffRoute(s, accounts.Staff, op("hand-back", http.MethodPost, path+"/{guest_id}/hand-back", "Let the bot answer again", "",
		http.StatusNotFound), routes.handBack)
	reply := op("reply", http.MethodPost, path+"/{guest_id}/reply", "Write to a guest",
		"Takes the conversation over. With an Idempotency-Key the same words are sent once. A guest who has not written for 24 hours "+
			"cannot be written to: 409 window_closed.", http.StatusNotFound, http.StatusConflict)
	reply.DefaultStatus = http.StatusAccepted
	staffRoute(s, accounts.Staff, reply, routes.reply)
}

type conversationRoutes struct{ *Options }

type conversationListInput struct {
	Limit    int    `query:"limit" minimum:"1" maximum:"100" default:"50" doc:"Most items in one page."`
	Cursor   string `query:"cursor" maxLength:"64" doc:"next_cursor of the page before."`
	Status   string `query:"status" enum:"bot,person" doc:"Only those that the bot, or a person, answers."`
	Waiting  string `query:"waiting" enum:"true,false" doc:"true: the newest message is the guest's, and nobody has answered it yet."`
	Window   string `query:"window" enum:"open,closed" doc:"open: the guest can be written to freely."`
	Language string `query:"language" enum:"es,pt,en" doc:"Only those in this language."`
	Search   string `query:"search" maxLength:"100" doc:"Part of a name, or of a phone in any usual spelling."`
}

type conversationListOutput struct{ Body conversationList }

func (r conversationRoutes) list(ctx context.Context, in *conversationListInput) (*conversationListOutput, error) {
	before, err := parseCursor(in.Cursor)
	if err != nil {
		return nil, invalidField(ctx, "query", "cursor", "expected the next_cursor of an earlier answer")
	}
	if !printable(in.Search) {
		return nil, invalidField(ctx, "query", "search", "expected printable characters")
	}
	filter := postgres.ConversationFilter{TakenOver: oneOf(in.Status, statusPerson), Waiting: oneOf(in.Waiting, "true"),
		WindowOpen: oneOf(in.Window, "open"), Language: in.Language, Search: in.Search}
	found, err := r.Switchboard.List(ctx, filter, before, in.Limit+1)
	if err != nil {
		return nil, refusal(ctx, r.Logger, "list conversations", err)
	}
	out := &conversationListOutput{Body: conversationList{Items: []conversation{}}}
	for _, talk := range found[:min(in.Limit, len(found))] {
		item, last := conversationOf(talk), messageOf(talk.Last)
		item.LastMessage = &last
		out.Body.Items = append(out.Body.Items, item)
	}
	if len(found) > in.Limit {
		cursor := makeCursor(found[in.Limit-1].Last.ID)
		out.Body.NextCursor = &cursor
	}
	return out, nil
}

type threadInput struct {
	GuestID int64  `path:"guest_id"`
	Limit   int    `query:"limit" minimum:"1" maximum:"200" default:"50" doc:"Most messages in one page."`
	Cursor  string `query:"cursor" maxLength:"64" doc:"next_cursor of the page before: older messages."`
}

type threadOutput struct{ Body thread }

func (r conversationRoutes) thread(ctx context.Context, in *threadInput) (*threadOutput, error) {
	before, err := parseCursor(in.Cursor)
	if err != nil {
		return nil, invalidField(ctx, "query", "cursor", "expected the next_cursor of an earlier answer")
	}
	talk, found, err := r.Switchboard.Thread(ctx, in.GuestID, before, in.Limit+1)
	if err != nil {
		return nil, refusal(ctx, r.Logger, "read conversation", err)
	}
	out := &threadOutput{Body: thread{Conversation: conversationOf(talk), Items: []message{}}}
	for _, m := range found[:min(in.Limit, len(found))] {
		out.Body.Items = append(out.Body.Items, messageOf(m))
	}
	if len(found) > in.Limit {
		cursor := makeCursor(found[in.Limit-1].ID)
		out.Body.NextCursor = &cursor
	}
	return out, nil
}

type guestInput struct {
	GuestID int64 `path:"guest_id"`
}

type conversationOutput struct{ Body conversation }

func (r conversationRoutes) takeOver(ctx context.Context, in *guestInput) (*conversationOutput, error) {
	return r.change(ctx, in.GuestID, "take over", r.Switchboard.TakeOver)
}

func (r conversationRoutes) handBack(ctx context.Context, in *guestInput) (*conversationOutput, error) {
	return r.change(ctx, in.GuestID, "hand back", r.Switchboard.HandBack)
}

func (r conversationRoutes) change(ctx context.Context, guestID int64, operation string,
	change func(context.Context, int64, postgres.Author) (postgres.Conversation, error),
) (*conversationOutput, error) {
	talk, err := change(ctx, guestID, authorOf(ctx))
	if err != nil {
		return nil, refusal(ctx, r.Logger, operation, err)
	}
	return &conversationOutput{Body: conversationOf(talk)}, nil
}

type replyInput struct {
	GuestID        int64  `path:"guest_id"`
	IdempotencyKey string `header:"Idempotency-Key" maxLength:"255" doc:"Any text that names this one reply, such as a UUID."`
	Body           struct {
		Text string `json:"text" minLength:"1" maxLength:"4096" doc:"What the guest reads, as it is."`
	}
}

type replyOutput struct {
	Body struct {
		MessageID int64 `json:"message_id" doc:"Its way is in the thread: queued, sent, delivered, read or failed."`
	}
}

func (r conversationRoutes) reply(ctx context.Context, in *replyInput) (*replyOutput, error) {
	text := strings.TrimSpace(in.Body.Text)
	if text == "" || !isMessage(text) {
		return nil, invalidField(ctx, "body", "text", "expected 1 to 4096 printable characters or line breaks")
	}
	if !printableASCII(in.IdempotencyKey) {
		return nil, invalidField(ctx, "header", idempotencyHeader, "expected printable ASCII characters")
	}
	id, err := r.Switchboard.Reply(ctx, in.GuestID, replyKey(memberOf(ctx).UserID, in.IdempotencyKey), text, authorOf(ctx))
	if booking.IsCode(err, booking.CodeDuplicate) {
		return nil, newProblem(ctx, CodeIdempotencyConflict, "this Idempotency-Key was used for another reply")
	}
	if err != nil {
		return nil, refusal(ctx, r.Logger, "reply", err)
	}
	out := &replyOutput{}
	out.Body.MessageID = id
	return out, nil
}

// replyKey is the effect key of a reply: the client's key within what this account wrote, or one of its own.
func replyKey(userID int64, clientKey string) string {
	if clientKey == "" {
		return fmt.Sprintf("staff/%d/%s", userID, rand.Text())
	}
	digest := sha256.Sum256([]byte(clientKey))
	return fmt.Sprintf("staff/%d/%s", userID, hex.EncodeToString(digest[:16]))
}

// isMessage refuses control characters but line breaks and tabs.
func isMessage(text string) bool {
	for _, r := range text {
		if unicode.IsControl(r) && r != '\n' && r != '\t' && r != '\r' || r == unicode.ReplacementChar {
			return false
		}
	}
	return true
}

func authorOf(ctx context.Context) postgres.Author {
	return postgres.Author{Kind: "staff", UserID: memberOf(ctx).UserID, TraceID: observe.Trace(ctx)}
}
