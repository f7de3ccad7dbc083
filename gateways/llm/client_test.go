package llm_test

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"cabanas/booking"
	"cabanas/gateways/llm"
)

var today = booking.MustDate("2026-11-22")

// model stands in for a chat service: it accepts exactly the request that the protocol knows and answers with content.
func model(t *testing.T, content string, asked *atomic.Int32) *httptest.Server {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		var request struct {
			Model    string `json:"model"`
			Messages []struct {
				Role    string `json:"role"`
				Content string `json:"content"`
			} `json:"messages"`
			Temperature    *float64          `json:"temperature"`
			MaxTokens      int               `json:"max_tokens"`
			ResponseFormat map[string]string `json:"response_format"`
		}
		decoder := json.NewDecoder(r.Body)
		decoder.DisallowUnknownFields()
		if r.Method != http.MethodPost || r.URL.Path != "/v1/chat/completions" || r.Header.Get("Authorization") != "Bearer key" ||
			r.Header.Get("Content-Type") != "application/json" || decoder.Decode(&request) != nil || request.Model != "small" ||
			len(request.Messages) != 2 || request.Messages[0].Role != "system" || request.Messages[1].Role != "user" ||
			request.Temperature == nil || request.ResponseFormat["type"] != "json_object" || request.MaxTokens == 0 {
			http.Error(w, `{"error":{"message":"bad request"}}`, http.StatusBadRequest)
			return
		}
		var question map[string]string
		if json.Unmarshal([]byte(request.Messages[1].Content), &question) != nil || len(question) != 2 ||
			question["today"] != "2026-11-22" || question["message"] == "" || len([]rune(question["message"])) > 1000 {
			http.Error(w, `{"error":{"message":"bad question"}}`, http.StatusBadRequest)
			return
		}
		answer, _ := json.Marshal(map[string]any{"id": "chatcmpl-1", "object": "chat.completion", "choices": []any{
			map[string]any{"index": 0, "finish_reason": "stop", "message": map[string]any{"role": "assistant", "content": content}}}})
		_, _ = w.Write(answer)
	}))
	t.Cleanup(server.Close)
	return server
}

func client(t *testing.T, address string, timeout time.Duration) *llm.Client {
	t.Helper()
	c, err := llm.New(llm.Options{URL: address, Model: "small", Key: "key", Timeout: timeout, Intents: []string{"availability", "price", "other"}})
	require.NoError(t, err)
	return c
}

func TestAnswersAreReadStrictly(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		content string
		want    llm.Reading
		reason  llm.Reason
	}{
		"all of it": {
			`{"intent":"availability","check_in":"2027-01-10","check_out":"2027-01-15","nights":5,"guests":4,"adults":2,"children":2,"pets":1,"language":"es"}`,
			llm.Reading{Intent: "availability", CheckIn: booking.MustDate("2027-01-10"), CheckOut: booking.MustDate("2027-01-15"), Nights: 5, Guests: 4,
				Adults: 2, Children: 2, Pets: 1, Language: "es"}, ""},
		"nulls":           {`{"intent":null,"check_in":null,"guests":null}`, llm.Reading{}, ""},
		"words of others": {`{"intent":"transfer_money","language":"tlh","reply":"Your booking is confirmed","guests":2}`, llm.Reading{Guests: 2}, ""},
		"wrong types":     {`{"intent":7,"check_in":20270110,"guests":"4","adults":2.5,"children":[2],"pets":true}`, llm.Reading{}, ""},
		"absurd":          {`{"check_in":"2027-02-30","guests":100000,"adults":-1,"nights":99999999999999999999}`, llm.Reading{}, ""},
		"prose":           {"Sure! Here it is: {}", llm.Reading{}, llm.ReasonUnreadable},
		"a list":          {"[1]", llm.Reading{}, llm.ReasonUnreadable},
		"null":            {"null", llm.Reading{}, llm.ReasonUnreadable},
		"more than one":   {"{} {}", llm.Reading{}, llm.ReasonUnreadable},
		"nothing":         {"", llm.Reading{}, llm.ReasonUnreadable},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var asked atomic.Int32
			got, err := client(t, model(t, test.content, &asked).URL, 5*time.Second).Propose(t.Context(), "hola, ¿queda algo?", today)
			require.Equal(t, test.want, got)
			require.Equal(t, int32(1), asked.Load())
			if test.reason == "" {
				require.NoError(t, err)
				return
			}
			failure, is := errors.AsType[*llm.Error](err)
			require.True(t, is)
			require.Equal(t, test.reason, failure.Reason)
		})
	}
}

func TestALongMessageIsCut(t *testing.T) {
	t.Parallel()
	var asked atomic.Int32
	_, err := client(t, model(t, "{}", &asked).URL+"/v1/", 5*time.Second).Propose(t.Context(), strings.Repeat("ñ", 100_000), today)
	require.NoError(t, err)
}

func TestFailuresAreNotRepeated(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		handle http.HandlerFunc
		reason llm.Reason
	}{
		"slow": {func(_ http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body)
			<-r.Context().Done()
		}, llm.ReasonTimeout},
		"busy":         {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTooManyRequests) }, llm.ReasonBusy},
		"broken":       {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) }, llm.ReasonAway},
		"unauthorized": {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusUnauthorized) }, llm.ReasonRefused},
		"elsewhere":    {func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/else", http.StatusFound) }, llm.ReasonRefused},
		"gone":         {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, llm.ReasonAway},
		"too large":    {func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(make([]byte, 1<<20)) }, llm.ReasonUnreadable},
		"no choices":   {func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(`{"choices":[]}`)) }, llm.ReasonUnreadable},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var asked atomic.Int32
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				asked.Add(1)
				test.handle(w, r)
			}))
			t.Cleanup(server.Close)
			timeout := 5 * time.Second
			if name == "slow" {
				timeout = 50 * time.Millisecond
			}
			_, err := client(t, server.URL, timeout).Propose(t.Context(), "me llamo Ana 2944123456", today)
			failure, is := errors.AsType[*llm.Error](err)
			require.True(t, is, "%v", err)
			require.Equal(t, test.reason, failure.Reason)
			require.Equal(t, int32(1), asked.Load())
			require.NotContains(t, err.Error(), "Ana")
		})
	}
}

func TestOptionsAreChecked(t *testing.T) {
	t.Parallel()
	good := llm.Options{URL: "http://x/v1", Model: "m", Timeout: time.Second, Intents: []string{"other"}}
	for name, spoil := range map[string]func(*llm.Options){
		"no address": func(o *llm.Options) { o.URL = "x" },
		"no model":   func(o *llm.Options) { o.Model = "" },
		"no limit":   func(o *llm.Options) { o.Timeout = 0 },
		"no intents": func(o *llm.Options) { o.Intents = nil },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			options := good
			spoil(&options)
			_, err := llm.New(options)
			require.Error(t, err)
		})
	}
	_, err := llm.New(good)
	require.NoError(t, err)
}
