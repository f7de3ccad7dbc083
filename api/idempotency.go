package api

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humagin"
	"github.com/gin-gonic/gin"

	"cabanas/booking"
	"cabanas/internal/observe"
	"cabanas/store/postgres"
)

const (
	idempotencyHeader = "Idempotency-Key"
	replayedHeader    = "Idempotency-Replayed"
	longestKey        = 255
	// largestAnswer is far above any answer to a write; a larger one is given and not kept.
	largestAnswer = 256 << 10
	// storeTime is for keeping an answer, beside the time of the request.
	storeTime = 5 * time.Second
	// A write of another process is asked for again after these.
	firstLook, lastLook = 20 * time.Millisecond, 400 * time.Millisecond
)

// unrepeatable are the writes whose answers are never kept: they give or change secrets, or take files.
var unrepeatable = []string{
	"set-up", "log-in", "refresh-session", "log-out", "change-password", "enroll-totp", "confirm-totp", "disable-totp",
	"transcribe", "import-calendar",
}

// repeatable tells whether an operation accepts an Idempotency-Key.
func repeatable(op *huma.Operation) bool {
	switch op.Method {
	case http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete:
		return !slices.Contains(unrepeatable, op.OperationID)
	}
	return false
}

// keptHeaders belong to an answer; all others are of the request that is answered.
var keptHeaders = []string{"Content-Type", "Location", "ETag", "Content-Disposition"}

// writes carries each write out one time for each Idempotency-Key of each client, and gives the first answer again to who repeats
// it. Repetitions wait for the first: within this process for each other, and for those of other processes by looking again. Only
// what succeeded is kept, as a refusal changed nothing and may be tried again.
type writes struct {
	store   IdempotencyStore
	metrics *observe.Metrics
	logger  *slog.Logger
	now     func() time.Time
	secret  []byte

	mu      sync.Mutex
	running map[string]chan struct{}
}

func newWrites(o *Options) *writes {
	return &writes{store: o.Idempotency, metrics: o.Metrics, logger: o.Logger, now: o.Now, secret: o.Secret, running: map[string]chan struct{}{}}
}

// once is the middleware of a repeatable operation. It comes after those that say who asks and that read the body.
func (w *writes) once(hc huma.Context, next func(huma.Context)) {
	c := humagin.Unwrap(hc)
	key := c.GetHeader(idempotencyHeader)
	if key == "" {
		next(hc)
		return
	}
	ctx := c.Request.Context()
	if len(key) > longestKey || !printableASCII(key) {
		writeProblem(c, invalidField(ctx, "header", idempotencyHeader, "expected at most "+strconv.Itoa(longestKey)+" printable ASCII characters"))
		return
	}
	write, seal, err := w.name(hc, c, key)
	if err != nil {
		writeProblem(c, refusal(ctx, w.logger, "read the request", err))
		return
	}
	leave, err := w.enter(ctx, write.Endpoint+" "+write.Key)
	if err != nil {
		writeProblem(c, refusal(ctx, w.logger, "wait for the first request with the same key", err))
		return
	}
	defer leave()
	taken, problem := w.take(ctx, write)
	switch {
	case problem != nil:
		writeProblem(c, problem)
	case taken.Stored != nil:
		w.metrics.IdempotencyHits.WithLabelValues(write.Endpoint, c.Request.Method).Inc()
		w.replay(c, *taken.Stored, seal)
	default:
		w.metrics.IdempotencyMisses.WithLabelValues(write.Endpoint, c.Request.Method).Inc()
		w.carryOut(hc, next, write, *taken.Lease, seal)
	}
}

// name says which write it is. Keys are of one path and of who gives them: the account, the guest with the token, or anybody, whose
// key is good only together with the same body.
func (w *writes) name(hc huma.Context, c *gin.Context, key string) (postgres.WriteKey, sealer, error) {
	body, err := io.ReadAll(c.Request.Body)
	if err != nil {
		return postgres.WriteKey{}, sealer{}, err
	}
	setBody(c, body)
	who := "anybody"
	if member := memberOf(hc.Context()); member.UserID != 0 {
		who = "account " + strconv.FormatInt(member.UserID, 10)
	} else if token := c.GetHeader(tokenHeader); token != "" {
		who = "guest " + token
	}
	write := postgres.WriteKey{
		Endpoint: hc.Operation().OperationID, Key: hex.EncodeToString(w.sum("key", who, c.Request.URL.Path, key)),
		RequestHash: w.sum("request", c.Request.URL.Query().Encode(), canonical(body)),
	}
	return write, sealer{w.sum("answer", who, c.Request.URL.Path, key)}, nil
}

// sum is a keyed hash: nobody can find out by trying what was asked, a password in a body included.
func (w *writes) sum(parts ...string) []byte {
	mac := hmac.New(sha256.New, w.secret)
	for _, part := range parts {
		mac.Write([]byte(strconv.Itoa(len(part)) + ":" + part))
	}
	return mac.Sum(nil)
}

// canonical makes one text of JSON that says the same; what is no JSON stays as it is.
func canonical(body []byte) string {
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil || decoder.More() {
		return string(body)
	}
	text, err := json.Marshal(value)
	if err != nil {
		return string(body)
	}
	return string(text)
}

// enter waits until no other request of this process carries the write out.
func (w *writes) enter(ctx context.Context, name string) (leave func(), err error) {
	for {
		w.mu.Lock()
		other, busy := w.running[name]
		if !busy {
			mine := make(chan struct{})
			w.running[name] = mine
			w.mu.Unlock()
			return func() {
				w.mu.Lock()
				delete(w.running, name)
				w.mu.Unlock()
				close(mine)
			}, nil
		}
		w.mu.Unlock()
		select {
		case <-other:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// take gets the right to carry the write out, or its answer, waiting for another process that is at it.
func (w *writes) take(ctx context.Context, write postgres.WriteKey) (postgres.TakenWrite, *Problem) {
	for pause := firstLook; ; pause = min(2*pause, lastLook) {
		taken, err := w.store.TakeWrite(ctx, write, leaseOf(ctx), w.now())
		switch {
		case booking.IsCode(err, booking.CodeDuplicate):
			w.failed(write, "conflict")
			return taken, newProblem(ctx, CodeIdempotencyConflict, "this Idempotency-Key was used for another request")
		case err != nil && ctx.Err() == nil:
			w.failed(write, "lookup")
			w.logger.ErrorContext(ctx, "idempotency_lookup_failed", "error", err)
			return taken, newProblem(ctx, booking.CodeUnavailable, "the request was not carried out; try again")
		case err == nil && (taken.Lease != nil || taken.Stored != nil):
			return taken, nil
		}
		select {
		case <-ctx.Done():
			w.failed(write, "wait")
			return taken, newProblem(ctx, booking.CodeUnavailable, "the first request with this Idempotency-Key is still being carried out; try again")
		case <-time.After(pause):
		}
	}
}

func (w *writes) failed(write postgres.WriteKey, kind string) {
	w.metrics.IdempotencyErrors.WithLabelValues(write.Endpoint, kind).Inc()
}

// leaseOf outlives the time that the request has; a process that dies blocks the key no longer than that.
func leaseOf(ctx context.Context) time.Duration {
	left := uploadTime
	if deadline, bounded := ctx.Deadline(); bounded {
		left = time.Until(deadline)
	}
	return left + 2*storeTime
}

// carryOut keeps the answer before it is given, so that whoever has seen it sees it again.
func (w *writes) carryOut(hc huma.Context, next func(huma.Context), write postgres.WriteKey, lease postgres.Lease, seal sealer) {
	c := humagin.Unwrap(hc)
	client, answer := c.Writer, &heldBack{ResponseWriter: c.Writer}
	c.Writer = answer
	kept := false
	defer func() { // after a panic too
		c.Writer = client
		if !kept {
			w.free(c.Request.Context(), write, lease)
		}
	}()
	next(huma.WithValue(hc, attemptKey{}, seal.attempt(write)))
	c.Writer = client
	if status := client.Status(); status/100 == 2 && answer.body.Len() <= largestAnswer {
		kept = w.keep(c.Request.Context(), write, lease, postgres.StoredResponse{
			Status: status, Headers: headersOf(client.Header()), Body: seal.close(answer.body.Bytes())})
	}
	if answer.body.Len() > 0 {
		_, _ = client.Write(answer.body.Bytes()) // who went away can ask again
	}
}

// keep stores the answer, even when the time of the request is up. Failing is logged only, as the write stands.
func (w *writes) keep(ctx context.Context, write postgres.WriteKey, lease postgres.Lease, answer postgres.StoredResponse) bool {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), storeTime)
	defer cancel()
	kept, err := w.store.KeepWrite(ctx, write, lease, answer, w.now())
	if err != nil || !kept {
		w.failed(write, "keep")
		w.logger.ErrorContext(ctx, "idempotent_answer_not_stored", "operation", write.Endpoint, "error", err)
		return false
	}
	w.metrics.IdempotencyKeys.WithLabelValues(write.Endpoint).Inc()
	return true
}

func (w *writes) free(ctx context.Context, write postgres.WriteKey, lease postgres.Lease) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), storeTime)
	defer cancel()
	if err := w.store.FreeWrite(ctx, write, lease); err != nil {
		w.failed(write, "free")
		w.logger.WarnContext(ctx, "idempotency_key_not_freed", "operation", write.Endpoint, "error", err)
	}
}

func (w *writes) replay(c *gin.Context, stored postgres.StoredResponse, seal sealer) {
	body, err := seal.open(stored.Body)
	if err != nil {
		writeProblem(c, refusal(c.Request.Context(), w.logger, "read stored answer", err))
		return
	}
	for name, value := range stored.Headers {
		c.Header(name, value)
	}
	c.Header(replayedHeader, "true")
	c.Status(stored.Status)
	if len(body) > 0 {
		_, _ = c.Writer.Write(body) // who went away can ask again
	}
}

func headersOf(all http.Header) map[string]string {
	kept := map[string]string{}
	for _, name := range keptHeaders {
		if value := all.Get(name); value != "" {
			kept[name] = value
		}
	}
	return kept
}

// heldBack keeps the body of an answer from its client until it is stored.
type heldBack struct {
	gin.ResponseWriter
	body bytes.Buffer
}

func (h *heldBack) Write(data []byte) (int, error)       { return h.body.Write(data) }
func (h *heldBack) WriteString(text string) (int, error) { return h.body.WriteString(text) }
func (h *heldBack) WriteHeaderNow()                      {}
func (h *heldBack) Flush()                               {}
func (h *heldBack) Written() bool                        { return h.body.Len() > 0 }
func (h *heldBack) Size() int                            { return h.body.Len() }

func printableASCII(text string) bool {
	for _, r := range []byte(text) {
		if r < ' ' || r > '~' {
			return false
		}
	}
	return true
}
