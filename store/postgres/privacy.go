package postgres

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"

	"cabanas/booking"
	"cabanas/store/postgres/dbgen"
)

// PersonQuery names a person by one of what is known of them; the others are empty.
type PersonQuery struct {
	ID int64
	// Phone is canonical, see [Guest].
	Phone, Email string
	// Code is of one of their reservations.
	Code string
}

// FindPeople lists the guest ids that fit, each person once. More than one can have the same e-mail address.
func (s *Store) FindPeople(ctx context.Context, who PersonQuery) ([]int64, error) {
	ids, err := s.queries.FindPerson(ctx, s.pool, &dbgen.FindPersonParams{
		ID: given(who.ID), Phone: given(who.Phone), Email: given(who.Email), Code: given(who.Code)})
	return ids, explain("find person", err)
}

func given[T comparable](value T) *T {
	var none T
	if value == none {
		return nil
	}
	return &value
}

// NotExported are the tables that could say something of a person and are not in [Store.ExportGuest], with the reason, as it is
// told to who asks.
var NotExported = map[string]string{
	"webhook_inbox":    "what the providers sent, of which messages and payments are kept apart; it is emptied after days and can speak of others",
	"idempotency_keys": "answers of the API, kept for two days, which repeat what stands in reservations and can open them",
}

// PersonExport is everything that is kept about a person: per table the rows as JSON.
type PersonExport struct {
	GuestID int64
	Data    map[string]json.RawMessage
}

// ExportGuest reads everything that is kept about a guest, in one snapshot, and notes in the audit log that it was read. An
// unknown guest is [booking.CodeNotFound].
func (s *Store) ExportGuest(ctx context.Context, guestID int64, by Author, now time.Time) (PersonExport, error) {
	var export PersonExport
	err := s.transact(ctx, "export guest", func(tx pgx.Tx) error {
		who, err := s.lockPerson(ctx, tx, guestID)
		if err != nil {
			return err
		}
		document, err := s.queries.ExportPerson(ctx, tx, &dbgen.ExportPersonParams{Ids: who.ids, Codes: who.codes})
		if err != nil {
			return err
		}
		export.GuestID = who.id
		if err := json.Unmarshal(document, &export.Data); err != nil {
			return fmt.Errorf("read the export: %w", err)
		}
		return s.record(ctx, tx, by, AuditEntry{Action: "guest.exported", Entity: "guest", EntityID: strconv.FormatInt(who.id, 10)}, now)
	})
	return export, err
}

// Erasure asks for a person to be forgotten.
type Erasure struct {
	GuestID int64
	// DryRun counts what would be forgotten and changes nothing.
	DryRun bool
	// GraceSince is the deadline of the oldest expired hold whose late payment is still waited for.
	GraceSince time.Time
	By         Author
}

// Erased tells what was forgotten, or would be.
type Erased struct {
	GuestID int64
	// Rows by what they hold; what has none is left out.
	Rows map[string]int64
	// WaitingWebhooks are deliveries of the person that were not handed on yet and still stand: ask again.
	WaitingWebhooks int64
}

var errDryRun = errors.New("only a trial")

// EraseGuest forgets who a guest is and everything they said, in one transaction; nights, money and codes stay, without a name. It
// may be repeated. While a booking lives, money is on its way back or a late payment is waited for it is
// [booking.CodeWrongState], which says what; an unknown guest is [booking.CodeNotFound].
func (s *Store) EraseGuest(ctx context.Context, e Erasure, now time.Time) (Erased, error) {
	var done Erased
	err := s.transact(ctx, "erase guest", func(tx pgx.Tx) error {
		who, err := s.lockPerson(ctx, tx, e.GuestID)
		if err != nil {
			return err
		}
		if err := s.mayBeErased(ctx, tx, who, e.GraceSince); err != nil {
			return err
		}
		done = Erased{GuestID: who.id, Rows: map[string]int64{}}
		if err := s.forget(ctx, tx, who, done.Rows, now); err != nil {
			return err
		}
		if done.WaitingWebhooks, err = s.queries.CountWaitingWebhooks(ctx, tx, who.bytes()); err != nil {
			return err
		}
		if e.DryRun {
			return errDryRun
		}
		if len(done.Rows) == 0 {
			return nil
		}
		after := map[string]any{}
		for what, rows := range done.Rows {
			after[what] = rows
		}
		return s.record(ctx, tx, e.By, AuditEntry{Action: "guest.erased", Entity: "guest", EntityID: strconv.FormatInt(who.id, 10), After: after}, now)
	})
	if errors.Is(err, errDryRun) {
		err = nil
	}
	return done, err
}

// person is somebody with all the rows that stand for them.
type person struct {
	id    int64
	ids   []int64
	codes []string
	// needles find them in texts that name nobody by id.
	needles []string
}

func (s *Store) lockPerson(ctx context.Context, tx pgx.Tx, guestID int64) (person, error) {
	found, err := s.queries.FindPerson(ctx, tx, &dbgen.FindPersonParams{ID: &guestID})
	if err != nil {
		return person{}, err
	}
	if len(found) == 0 {
		return person{}, booking.Refuse(booking.CodeNotFound, "no such guest")
	}
	who := person{id: found[0], ids: []int64{}, codes: []string{}, needles: []string{}}
	rows, err := s.queries.LockPerson(ctx, tx, who.id)
	if err != nil {
		return who, err
	}
	for _, row := range rows {
		who.ids = append(who.ids, row.ID)
		for _, number := range []string{row.Phone, row.WhatsappPhone} {
			who.seek(nationalDigits(number))
		}
		who.seek(row.WhatsappUserID)
		who.seek(row.Email)
		if words := strings.TrimSpace(row.Name); strings.Contains(words, " ") && utf8.RuneCountInString(words) >= shortestName {
			who.seek(words)
		}
	}
	codes, err := s.queries.ListPersonCodes(ctx, tx, who.ids)
	who.codes = append(who.codes, codes...)
	return who, err
}

// shortestName of two words is looked for in texts: a shorter one is also others'.
const shortestName = 7

func (p *person) seek(text string) {
	if text != "" {
		p.needles = append(p.needles, text)
	}
}

// bytes are the needles as they stand in JSON, written out and escaped.
func (p person) bytes() [][]byte {
	all := make([][]byte, 0, 2*len(p.needles))
	for _, needle := range p.needles {
		all = append(all, []byte(needle))
		if escaped := strings.Trim(strconv.QuoteToASCII(needle), `"`); escaped != needle {
			all = append(all, []byte(escaped))
		}
	}
	return all
}

// nationalDigits are the last ten digits of a number: the part that is the same in all its forms.
func nationalDigits(number string) string {
	digits := strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, number)
	return digits[max(0, len(digits)-10):]
}

var obstacles = map[string]string{
	"pre_reserved": "is held",
	"confirmed":    "is confirmed",
	"dispute":      "has an open dispute",
	"refund":       "has a refund on its way",
	"payment":      "has money that is to go back",
	"grace":        "has expired, and a late payment may still come",
}

func (s *Store) mayBeErased(ctx context.Context, tx pgx.Tx, who person, graceSince time.Time) error {
	rows, err := s.queries.ListErasureObstacles(ctx, tx, &dbgen.ListErasureObstaclesParams{Ids: who.ids, GraceSince: graceSince})
	if err != nil || len(rows) == 0 {
		return err
	}
	reasons := make([]string, len(rows))
	for i, row := range rows {
		reasons[i] = row.Code + " " + obstacles[row.Why]
	}
	return booking.Refuse(booking.CodeWrongState, "the guest cannot be erased yet: %s", strings.Join(reasons, ", "))
}
