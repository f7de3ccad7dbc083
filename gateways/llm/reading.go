package llm

import (
	"bytes"
	"encoding/json"
	"net/http"
	"slices"

	"cabanas/booking"
)

// read takes over what has exactly the form that was asked for, member by member; everything else is dropped. An answer that is
// not one JSON object is no answer.
func (c *Client) read(content string) (Reading, error) {
	var members map[string]json.RawMessage
	if err := json.Unmarshal([]byte(content), &members); err != nil || members == nil {
		return Reading{}, &Error{Reason: ReasonUnreadable, HTTPStatus: http.StatusOK}
	}
	reading := Reading{
		CheckIn: dateIn(members["check_in"]), CheckOut: dateIn(members["check_out"]),
		Nights: countIn(members["nights"]), Guests: countIn(members["guests"]), Adults: countIn(members["adults"]),
		Children: countIn(members["children"]), Pets: countIn(members["pets"]),
	}
	if intent := textIn(members["intent"]); slices.Contains(c.options.Intents, intent) {
		reading.Intent = intent
	}
	if language := textIn(members["language"]); slices.Contains([]string{"es", "pt", "en"}, language) {
		reading.Language = language
	}
	return reading, nil
}

func textIn(raw json.RawMessage) string {
	var text string
	if json.Unmarshal(raw, &text) != nil {
		return ""
	}
	return text
}

func dateIn(raw json.RawMessage) booking.Date {
	date, err := booking.ParseDate(textIn(raw))
	if err != nil {
		return booking.Date{}
	}
	return date
}

func countIn(raw json.RawMessage) int {
	var count int
	if bytes.ContainsAny(raw, "\"") || json.Unmarshal(raw, &count) != nil || count < 0 || count > MostPeople {
		return 0
	}
	return count
}
