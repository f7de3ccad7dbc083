package e2e

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"cabanas/booking"
)

// TestContract holds the API against its own description: every operation, asked well, badly and with bad intent.
func TestContract(t *testing.T) {
	s := start(t, true)
	s.setUpOwner(t)
	o := s.office(t)
	d := s.document(t)
	world := o.existing(t)

	t.Run("every role keeps to its routes", func(t *testing.T) { o.tryRoles(t, d) })
	t.Run("a guest sees only what is theirs", func(t *testing.T) { o.tryOthersBookings(t, d) })
	t.Run("examples are accepted", func(t *testing.T) { o.tryExamples(t, d, world) })
	t.Run("nothing breaks it", func(t *testing.T) { o.tryToBreak(t, d, world) })
}

// endsSession are left out of the attacks: what ends the session they are made with.
var endsSession = map[string]bool{"log-out": true}

const (
	attacksOnParameters = 24
	attacksOnBodies     = 24
)

// tryExamples asks every operation with what its description offers: nothing of it may be refused as wrong in form.
func (o *office) tryExamples(t *testing.T, d *document, world known) {
	for _, op := range d.operations {
		if endsSession[op.id] || (op.bodyType != "" && op.body == nil) {
			continue
		}
		for _, whole := range []bool{false, true} {
			if op.method == http.MethodPatch && !whole {
				continue // nothing to change is refused
			}
			a := o.asks(t, op, d.request(op, d.parametersOf(op, world, whole), d.bodyOf(op, world, whole)))
			if fault := d.fault(op, a); fault != nil {
				t.Errorf("%s %s: %v", op.method, op.path, fault)
			}
			refused := a.status == http.StatusBadRequest || a.status == http.StatusUnprocessableEntity
			if refused && slices.Contains([]string{string(booking.CodeInvalidInput), "malformed"}, a.problem(t).Code) {
				t.Errorf("%s %s refuses its own example: %s", op.method, op.path, a.body)
			}
		}
	}
}

// tryToBreak asks every operation with what should be refused. The seed is fixed: a failure comes again.
func (o *office) tryToBreak(t *testing.T, d *document, world known) {
	random := rand.New(rand.NewPCG(20261122, 6))
	requests, told := 0, map[string]bool{}
	ask := func(op operation, r asked) {
		a := o.asks(t, op, r)
		requests++
		// One of a kind is enough to read.
		if fault := d.fault(op, a); fault != nil && !told[fmt.Sprint(op.id, a.status)] {
			told[fmt.Sprint(op.id, a.status)] = true
			t.Errorf("%s %s: %v\nquery %v\nheader %v\nbody %.300q", op.method, r.path, fault, r.query, r.header, r.body)
		}
	}
	for _, op := range d.operations {
		if endsSession[op.id] {
			continue
		}
		for range attacksOnParameters {
			if len(op.parameters) == 0 {
				break
			}
			values := d.parametersOf(op, world, true)
			values[op.parameters[random.IntN(len(op.parameters))].name] = hostileTexts[random.IntN(len(hostileTexts))]
			ask(op, d.request(op, values, d.bodyOf(op, world, random.IntN(2) == 0)))
		}
		if op.method == http.MethodGet {
			continue
		}
		for _, body := range bodiesThatAreNone {
			r := d.request(op, d.parametersOf(op, world, false), nil)
			r.body, r.bodyType = []byte(body), "application/json"
			ask(op, r)
		}
		for _, bodyType := range []string{"", "text/plain", "application/xml", "multipart/form-data", "application/json; charset=latin1", "\\"} {
			r := d.request(op, d.parametersOf(op, world, false), d.bodyOf(op, world, false))
			r.bodyType = bodyType
			ask(op, r)
		}
		if op.body == nil {
			continue
		}
		for range attacksOnBodies {
			ask(op, d.request(op, d.parametersOf(op, world, false), spoil(random, d.bodyOf(op, world, random.IntN(2) == 0))))
		}
	}
	t.Logf("%d operations, %d requests", len(d.operations), requests)
}

// fault says what is wrong with an answer whatever was asked.
func (d *document) fault(op operation, a answer) error {
	if a.status >= http.StatusInternalServerError && (a.status != http.StatusServiceUnavailable || op.responses["503"] == nil) {
		return fmt.Errorf("status %d: %.500s", a.status, a.body)
	}
	for _, leak := range []string{"SQLSTATE", "pgx", "goroutine ", ".go:", "panic", "runtime error", "postgres://", "no such host"} {
		if strings.Contains(string(a.body), leak) && !strings.HasPrefix(a.header.Get("Content-Type"), "text/event-stream") {
			return fmt.Errorf("status %d tells %q of the inside: %.500s", a.status, leak, a.body)
		}
	}
	for _, name := range []string{"X-Content-Type-Options", "Content-Security-Policy", "Referrer-Policy", "X-Trace-Id"} {
		if a.header.Get(name) == "" {
			return fmt.Errorf("status %d lacks the header %s", a.status, name)
		}
	}
	if a.header.Get("Server") != "" || a.header.Get("X-Injected") != "" {
		return fmt.Errorf("headers that should not be there: %v", a.header)
	}
	return d.holds(op, a)
}

func (d *document) parametersOf(op operation, world known, whole bool) map[string]any {
	values := map[string]any{}
	for _, p := range op.parameters {
		if p.in == "header" && !p.required {
			continue // keys and conditions would answer for the rest
		}
		if !whole && !p.required {
			continue
		}
		if p.example != nil && world[p.name] == nil {
			values[p.name] = p.example
			continue
		}
		values[p.name] = d.sample(p.name, p.schema, world, whole)
	}
	return values
}

func (d *document) bodyOf(op operation, world known, whole bool) any {
	switch {
	case op.body == nil:
		return nil
	case op.bodyExample != nil:
		return op.bodyExample
	}
	return d.sample("", op.body, world, whole)
}

// streamEnd is how long a stream of events is looked at.
const streamEnd = 300 * time.Millisecond

// asks makes a request as the owner does, and of a stream takes only the beginning.
func (o *office) asks(t *testing.T, op operation, r asked) answer {
	t.Helper()
	address := o.info.APIURL + r.path
	if len(r.query) > 0 {
		address += "?" + r.query.Encode()
	}
	ctx := patient(t)
	stream := isStream(op)
	if stream {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, streamEnd)
		defer cancel()
	}
	request, err := http.NewRequestWithContext(ctx, op.method, address, strings.NewReader(string(r.body)))
	require.NoError(t, err)
	request.Header = r.header.Clone()
	if r.bodyType != "" {
		request.Header.Set("Content-Type", r.bodyType)
	}
	if request.Header.Get("Authorization") == "" {
		request.Header.Set("Authorization", "Bearer "+o.token)
	}
	response, err := web.Do(request)
	require.NoError(t, err, "%s %s", op.method, r.path)
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if !stream {
		require.NoError(t, err, "%s %s", op.method, r.path)
	}
	return answer{response.StatusCode, response.Header, body}
}

func isStream(op operation) bool {
	described, _ := op.responses["200"].(map[string]any)
	content, _ := described["content"].(map[string]any)
	return content["text/event-stream"] != nil
}
