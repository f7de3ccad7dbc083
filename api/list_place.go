package api

import (
	"context"
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"
	"time"

	"cabanas/booking"
	"cabanas/store/postgres"
)

// placeCursor names the end of a page, together with the order it has a meaning in.
func placeCursor(order string, place postgres.Place) string {
	return base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, "%s:%d:%d", order, place.At.UnixMicro(), place.ID))
}

func parsePlace(order, cursor string) (postgres.Place, error) {
	if cursor == "" {
		return postgres.Place{}, nil
	}
	text, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil {
		return postgres.Place{}, fmt.Errorf("cursor: %w", err)
	}
	rest, same := strings.CutPrefix(string(text), order+":")
	instant, number, whole := strings.Cut(rest, ":")
	if !same || !whole {
		return postgres.Place{}, fmt.Errorf("cursor of another order")
	}
	at, err := strconv.ParseInt(instant, 10, 64)
	if err != nil {
		return postgres.Place{}, fmt.Errorf("cursor: %w", err)
	}
	id, err := strconv.ParseInt(number, 10, 64)
	place := postgres.Place{At: time.UnixMicro(at).UTC(), ID: id}
	if err != nil || id < 1 || place.At.Year() < 1 || place.At.Year() > 9999 {
		return postgres.Place{}, fmt.Errorf("cursor names no place")
	}
	return place, nil
}

// The orders of a list by time.
const (
	sortNewest = "newest"
	sortOldest = "oldest"
)

// timeOrder ties a cursor to a list by time and its direction.
func timeOrder(list, sort string) string {
	if sort != sortOldest {
		sort = sortNewest
	}
	return list + "." + sort
}

func badPlace(ctx context.Context) *Problem {
	return invalidField(ctx, "query", "cursor", "expected the next_cursor of an earlier answer with the same sort")
}

// placedPage cuts a page out of a list that was asked for with one more, and gives the cursor of the next.
func placedPage[T interface{ Place() postgres.Place }](found []T, limit int, order string) ([]T, *string) {
	if len(found) <= limit {
		return found, nil
	}
	cursor := placeCursor(order, found[limit-1].Place())
	return found[:limit], &cursor
}

// codeFilter reads the code of a reservation in a query as people write it.
func codeFilter(ctx context.Context, typed string) (string, *Problem) {
	if typed == "" {
		return "", nil
	}
	code := booking.NormalizeCode(typed)
	if !booking.ValidCode(code) {
		return "", invalidField(ctx, "query", "code", "expected the code of a reservation such as RES261120A1B2C3")
	}
	return code, nil
}

// spanOfInstants refuses a range that nothing can be in.
func spanOfInstants(ctx context.Context, from, to time.Time) *Problem {
	if !from.IsZero() && !to.IsZero() && !from.Before(to) {
		return invalidField(ctx, "query", "to", "expected an instant after from")
	}
	return nil
}

// oneOf reads a filter of two words that may be absent: nil, or whether it is the one.
func oneOf(word, one string) *bool {
	if word == "" {
		return nil
	}
	is := word == one
	return &is
}
