package temporal

import (
	"context"
	"log/slog"
	"runtime"
	"strings"
	"time"
	"unicode"

	"go.temporal.io/sdk/log"
)

// NewLogger returns the SDK's logger over slog; the SDK's keys (WorkflowID) become ours (workflow_id).
func NewLogger(logger *slog.Logger) log.Logger { return sdkLogger{to: logger, skip: 3} }

type sdkLogger struct {
	to   *slog.Logger
	skip int // stack frames between the log call and runtime.Callers, so that the source is the caller's
}

func (l sdkLogger) Debug(msg string, keyvals ...any) { l.log(slog.LevelDebug, msg, keyvals) }
func (l sdkLogger) Info(msg string, keyvals ...any)  { l.log(slog.LevelInfo, msg, keyvals) }
func (l sdkLogger) Warn(msg string, keyvals ...any)  { l.log(slog.LevelWarn, msg, keyvals) }
func (l sdkLogger) Error(msg string, keyvals ...any) { l.log(slog.LevelError, msg, keyvals) }

// With makes the SDK keep one logger per workflow and activity.
func (l sdkLogger) With(keyvals ...any) log.Logger {
	return sdkLogger{to: l.to.With(snakeKeys(keyvals)...), skip: l.skip}
}

// WithCallerSkip keeps the source right where the SDK wraps this logger.
func (l sdkLogger) WithCallerSkip(depth int) log.Logger {
	return sdkLogger{to: l.to, skip: l.skip + depth}
}

func (l sdkLogger) log(level slog.Level, msg string, keyvals []any) {
	ctx := context.Background()
	if !l.to.Enabled(ctx, level) {
		return
	}
	var caller [1]uintptr
	runtime.Callers(l.skip, caller[:])
	record := slog.NewRecord(time.Now(), level, msg, caller[0])
	record.Add(snakeKeys(keyvals)...)
	_ = l.to.Handler().Handle(ctx, record)
}

func snakeKeys(keyvals []any) []any {
	renamed := make([]any, len(keyvals))
	copy(renamed, keyvals)
	for i := 0; i < len(renamed); i += 2 {
		if key, ok := renamed[i].(string); ok {
			renamed[i] = snake(key)
		}
	}
	return renamed
}

// snake turns WorkflowID into workflow_id and RunID into run_id: an underscore before a capital that follows a small letter.
func snake(key string) string {
	var out strings.Builder
	var before rune
	for _, r := range key {
		switch {
		case r == ' ' || r == '-':
			r = '_'
		case unicode.IsUpper(r) && (unicode.IsLower(before) || unicode.IsDigit(before)):
			out.WriteByte('_')
		}
		out.WriteRune(unicode.ToLower(r))
		before = r
	}
	return out.String()
}
