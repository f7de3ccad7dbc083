package observe

import (
	"context"
	"io"
	"log/slog"
	"os"
)

// NewLogger returns the logger of a process: JSON lines, or readable text when w is a terminal. Records at or above level
// are written, and those logged with a context carry its trace_id. What could be about a person is masked, see [Mask].
func NewLogger(w io.Writer, level slog.Leveler) *slog.Logger {
	return NewMaskedLogger(w, level, Mask{})
}

// NewMaskedLogger is NewLogger with a mask that has a key, so that the same phone gives the same reference in every log.
func NewMaskedLogger(w io.Writer, level slog.Leveler, mask Mask) *slog.Logger {
	options := &slog.HandlerOptions{Level: level, ReplaceAttr: mask.Attr}
	if isTerminal(w) {
		return slog.New(Traced(slog.NewTextHandler(w, options)))
	}
	return slog.New(Traced(slog.NewJSONHandler(w, options)))
}

// Traced wraps a handler so that every record whose context has a trace id carries it as trace_id.
func Traced(next slog.Handler) slog.Handler { return tracedHandler{next} }

type tracedHandler struct{ slog.Handler }

func (h tracedHandler) Handle(ctx context.Context, record slog.Record) error {
	if id := Trace(ctx); id != "" {
		record = record.Clone()
		record.AddAttrs(slog.String("trace_id", id))
	}
	return h.Handler.Handle(ctx, record)
}

func (h tracedHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return tracedHandler{h.Handler.WithAttrs(attrs)}
}

func (h tracedHandler) WithGroup(name string) slog.Handler {
	return tracedHandler{h.Handler.WithGroup(name)}
}

func isTerminal(w io.Writer) bool {
	file, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := file.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
