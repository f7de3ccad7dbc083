package api

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"cabanas/booking"
	"cabanas/store/postgres"
)

// sortKey is where an item stands in a list: by the text, and those of one text by their id.
type sortKey struct {
	text string
	id   int64
}

func (k sortKey) compare(other sortKey) int {
	return cmp.Or(cmp.Compare(k.text, other.text), cmp.Compare(k.id, other.id))
}

// keyset is what a cursor says: the place of the last item of a page, in lists of one order.
type keyset struct {
	Sort string `json:"s"`
	Text string `json:"t,omitempty"`
	ID   int64  `json:"i"`
}

// sortedPage sorts items by key and cuts the page after the cursor out of them. Sort is the name of a key, with "-" in front for the
// other way round; the error means that the cursor is not of such a list.
func sortedPage[T any](items []T, sort, cursor string, limit int, key func(item T, by string) sortKey) (page []T, next *string, err error) {
	by, descending := strings.CutPrefix(sort, "-")
	after, err := parseKeyset(cursor, sort)
	if err != nil {
		return nil, nil, err
	}
	direction := 1
	if descending {
		direction = -1
	}
	slices.SortFunc(items, func(a, b T) int { return direction * key(a, by).compare(key(b, by)) })
	if after != nil {
		items = slices.DeleteFunc(items, func(item T) bool { return direction*key(item, by).compare(sortKey{after.Text, after.ID}) <= 0 })
	}
	page = items[:min(limit, len(items))]
	if len(items) > limit {
		last := key(page[limit-1], by)
		encoded, err := json.Marshal(keyset{Sort: sort, Text: last.text, ID: last.id})
		if err != nil {
			return nil, nil, fmt.Errorf("cursor: %w", err)
		}
		next = new(base64.RawURLEncoding.EncodeToString(encoded))
	}
	return page, next, nil
}

func parseKeyset(cursor, sort string) (*keyset, error) {
	if cursor == "" {
		return nil, nil
	}
	text, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil {
		return nil, fmt.Errorf("cursor: %w", err)
	}
	var after keyset
	if err := json.Unmarshal(text, &after); err != nil {
		return nil, fmt.Errorf("cursor: %w", err)
	}
	if after.Sort != sort {
		return nil, errors.New("cursor: of another sort")
	}
	return &after, nil
}

// withoutAccents is for sorting and comparing names as people do who leave accents out.
var withoutAccents = strings.NewReplacer("á", "a", "é", "e", "í", "i", "ó", "o", "ú", "u", "ü", "u", "ñ", "n~", "ç", "c", "ã", "a", "õ", "o")

func folded(text string) string {
	return withoutAccents.Replace(strings.ToLower(strings.TrimSpace(text)))
}

// privateNoCache lets a client keep an answer for itself and makes it ask each time whether it is still right.
const privateNoCache = "private, no-cache"

func revisionTag(id int64, revision int) string { return fmt.Sprintf(`"%d.%d"`, id, revision) }

// matchesWeakly reports whether an If-None-Match names the tag (RFC 9110, 13.1.2).
func matchesWeakly(header, tag string) bool {
	return slices.ContainsFunc(strings.Split(header, ","), func(one string) bool {
		one = strings.TrimSpace(one)
		return one == "*" || strings.TrimPrefix(one, "W/") == tag
	})
}

// revisionFor is the revision that an If-Match asks for (RFC 9110, 13.1.1): any without one, else that of what is read now, which
// must be among those it names.
func revisionFor(ifMatch string, read func() (tag string, revision int, err error)) (int, error) {
	if ifMatch == "" || strings.TrimSpace(ifMatch) == "*" {
		return postgres.AnyRevision, nil
	}
	tag, revision, err := read()
	if err != nil {
		return 0, err
	}
	if !slices.ContainsFunc(strings.Split(ifMatch, ","), func(one string) bool { return strings.TrimSpace(one) == tag }) {
		return 0, booking.Refuse(postgres.CodeChangedMeanwhile, "it is not as If-Match says; read it again")
	}
	return revision, nil
}

// unchanged says in the description that an operation may answer 304.
func unchanged(op huma.Operation) huma.Operation {
	op.Responses = map[string]*huma.Response{"304": {Description: http.StatusText(http.StatusNotModified)}}
	return op
}

func pathOf(under string, id int64) string { return fmt.Sprintf("%s%s/%d", prefix, under, id) }

// amountField is an amount of a body and where it goes.
type amountField struct {
	name string
	from *money
	to   **booking.Money
}

// amounts reads those that are there.
func amounts(fields ...amountField) error {
	var refused []error
	for _, f := range fields {
		if f.from == nil {
			continue
		}
		amount, err := booking.ParseDecimal(f.from.Amount, f.from.Currency)
		if err != nil {
			refused = append(refused, &booking.FieldError{Field: f.name, Rule: "must be a decimal with at most two places"})
			continue
		}
		*f.to = &amount
	}
	return errors.Join(refused...)
}

func laddersOf(discounts *[]lengthDiscount) *[]booking.LengthDiscount {
	if discounts == nil {
		return nil
	}
	ladder := []booking.LengthDiscount{}
	for _, d := range *discounts {
		ladder = append(ladder, booking.LengthDiscount{Nights: d.Nights, Percent: d.Percent})
	}
	return &ladder
}

// fieldsOf collects every field that an error refuses.
func fieldsOf(err error) []FieldError {
	switch e := any(err).(type) { // each layer by itself, not what it wraps
	case nil:
		return nil
	case *booking.FieldError:
		return []FieldError{{In: "body", Field: e.Field, Message: e.Rule}}
	case interface{ Unwrap() []error }:
		var all []FieldError
		for _, one := range e.Unwrap() {
			all = append(all, fieldsOf(one)...)
		}
		return all
	}
	return fieldsOf(errors.Unwrap(err))
}
