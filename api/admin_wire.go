package api

import (
	"encoding/json"
	"time"

	"cabanas/dialogue"
	"cabanas/store/postgres"
)

// Who answers a guest.
const (
	statusBot    = "bot"
	statusPerson = "person"
)

type conversation struct {
	GuestID         int64      `json:"guest_id"`
	Name            string     `json:"name"`
	Phone           string     `json:"phone" doc:"Empty for a guest who hides it."`
	Language        string     `json:"language" doc:"es, pt or en; empty when it is not known yet."`
	Status          string     `json:"status" enum:"bot,person" doc:"Who answers."`
	TakenOverUntil  *time.Time `json:"taken_over_until" doc:"When the bot answers again by itself; null when it does, or waits until somebody hands back."`
	WindowOpenUntil time.Time  `json:"window_open_until" doc:"Until then the guest can be written to freely: 24 hours after their last message."`
	LastMessage     *message   `json:"last_message,omitempty" doc:"In lists: the newest message."`
}

type conversationList struct {
	Items      []conversation `json:"items" nullable:"false"`
	NextCursor *string        `json:"next_cursor" doc:"Give it as cursor to get the next page; null on the last."`
}

type thread struct {
	Conversation conversation `json:"conversation"`
	Items        []message    `json:"items" nullable:"false" doc:"What was said, newest first."`
	NextCursor   *string      `json:"next_cursor" doc:"Give it as cursor to get older messages; null when there are none."`
}

type message struct {
	ID         int64       `json:"id"`
	From       string      `json:"from" enum:"guest,bot,owner,phone" doc:"owner is staff through this API, phone the owner in the WhatsApp app."`
	Kind       string      `json:"kind" example:"text"`
	Text       string      `json:"text" doc:"What was written, or the caption; empty where there is none."`
	Choices    []string    `json:"choices,omitempty" doc:"Titles of the buttons or rows that were shown."`
	Link       string      `json:"link,omitempty" doc:"Address behind a button or of a picture."`
	Status     string      `json:"status" enum:"received,answered,queued,sending,sent,delivered,read,failed"`
	Error      string      `json:"error,omitempty" doc:"Why it failed: a word of ours or a code of WhatsApp."`
	At         time.Time   `json:"at" doc:"When it was sent, or written while it was not."`
	Transcript *transcript `json:"transcript,omitempty" doc:"Of a voice note that was listened to."`
}

type transcript struct {
	Outcome    string  `json:"outcome" enum:"heard,unclear,silent,too_long,failed"`
	Text       string  `json:"text" doc:"What was heard; with unclear it is a guess."`
	Confidence float64 `json:"confidence" doc:"From 0 to 1."`
	Language   string  `json:"language" doc:"As the engine names it; empty when it does not say."`
}

func conversationOf(c postgres.Conversation) conversation {
	answer := conversation{GuestID: c.Guest.ID, Name: c.Guest.Name, Phone: c.Guest.Phone, Language: c.Guest.Language, Status: statusBot,
		TakenOverUntil: timeOrNull(c.TakenOverUntil), WindowOpenUntil: c.WindowOpenUntil.UTC()}
	if c.TakenOver {
		answer.Status = statusPerson
	}
	return answer
}

func messageOf(m postgres.Message) message {
	answer := message{ID: m.ID, From: m.Author, Kind: m.Kind, Status: m.Status, Error: m.Error, At: m.At.UTC()}
	// A body of an older or newer build may lack a field; the message is shown all the same.
	if m.Inbound {
		var said dialogue.Inbound
		_ = json.Unmarshal(m.Body, &said)
		answer.From, answer.Text = "guest", said.Text
	} else {
		var said dialogue.Reply
		_ = json.Unmarshal(m.Body, &said)
		answer.Text, answer.Link = said.Body, said.LinkURL
		for _, choice := range said.Choices {
			answer.Choices = append(answer.Choices, choice.Title)
		}
	}
	if m.Heard.Outcome != "" {
		answer.Transcript = &transcript{Outcome: m.Heard.Outcome, Text: m.Heard.Text, Confidence: m.Heard.Confidence, Language: m.Heard.Language}
	}
	return answer
}
