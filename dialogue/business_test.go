package dialogue_test

import (
	"errors"
	"sort"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"cabanas/booking"
	"cabanas/dialogue"
)

// business is a small complex in memory that answers Facts.
type business struct {
	now      time.Time
	property booking.Property
	places   []booking.Accommodation
	busy     []booking.Busy
	bookings []dialogue.BookingView
	down     error
}

func newBusiness(t testing.TB) *business {
	t.Helper()
	rate := func(pesos int64) booking.Rate {
		return booking.Rate{Base: booking.Pesos(pesos), WeekendPercent: 120, CleaningFee: booking.Pesos(10000), MinNights: 1, Version: 1}
	}
	place := func(id int64, name string, capacity int, pesos int64) booking.Accommodation {
		return booking.Accommodation{ID: id, Name: name, Type: booking.Cabin, Capacity: capacity, Active: true, Rate: rate(pesos),
			Description: "Con vista al cerro y parrilla propia.", Amenities: []string{"wifi", "parrilla"},
			Location: booking.Location{Address: "Ruta 5 km 3", City: "Villa Mar", Latitude: -31.9, Longitude: -64.5}}
	}
	b := &business{
		now: clockAt(t, "2026-11-22T12:00"),
		property: booking.Property{ID: 1, Name: "Cabañas del Cerro", Location: buenosAires, Currency: booking.ARS, CheckInTime: 14 * 60,
			CheckOutTime: 10 * 60, Limits: booking.DefaultLimits, DepositPercent: 30, Cancellation: booking.FlexiblePolicy},
		places: []booking.Accommodation{
			place(1, "Cabaña Arrayán", 4, 60000), place(2, "Cabaña Coihue", 6, 80000), place(3, "Cabaña Lenga", 2, 40000),
			place(4, "Cabaña Ñire", 8, 120000), place(5, "Cabaña Maitén", 5, 70000),
		},
	}
	b.places[3].Rate.MinNights = 2
	return b
}

func (b *business) Now() time.Time             { return b.now }
func (b *business) Property() booking.Property { return b.property }

func (b *business) today() booking.Date { return booking.DateIn(b.now, b.property.Location) }

func (b *business) Accommodations() ([]booking.Accommodation, error) {
	var active []booking.Accommodation
	for _, place := range b.places {
		if place.Active {
			active = append(active, place)
		}
	}
	return active, b.down
}

func (b *business) Offers(stay booking.Stay, guests int) ([]dialogue.Offer, error) {
	places, err := b.Accommodations()
	if err != nil {
		return nil, err
	}
	var offers []dialogue.Offer
	var refusal error
	for _, place := range places {
		if err := b.property.Limits.Check(place, stay, guests, b.today()); err != nil {
			refusal = err
			continue
		}
		if !booking.NewCalendar(b.busy).Free(place.ID, stay) {
			refusal = nil
			continue
		}
		offers = append(offers, b.offer(place, stay, guests))
	}
	if len(offers) == 0 && refusal != nil {
		return nil, refusal
	}
	sort.SliceStable(offers, func(i, j int) bool { return offers[i].Quote.Total.Less(offers[j].Quote.Total) })
	return offers, nil
}

func (b *business) offer(place booking.Accommodation, stay booking.Stay, guests int) dialogue.Offer {
	return dialogue.Offer{Accommodation: place, Stay: stay, Guests: guests, Quote: booking.QuoteStay(place.Rate, stay, guests, b.property.DepositPercent)}
}

func (b *business) Offer(id int64, stay booking.Stay, guests int) (dialogue.Offer, []booking.Alternative, error) {
	if b.down != nil {
		return dialogue.Offer{}, nil, b.down
	}
	for _, place := range b.places {
		if place.ID != id {
			continue
		}
		if err := b.property.Limits.Check(place, stay, guests, b.today()); err != nil {
			return dialogue.Offer{}, nil, err
		}
		calendar := booking.NewCalendar(b.busy)
		if calendar.Free(id, stay) {
			return b.offer(place, stay, guests), nil, nil
		}
		return dialogue.Offer{}, calendar.Alternatives(booking.AlternativeSearch{Wanted: place, Stay: stay, Guests: guests, Today: b.today(),
			Catalog: b.places, Limits: b.property.Limits, DepositPercent: b.property.DepositPercent, WindowDays: 14,
		}), booking.Refuse(booking.CodeDatesTaken, "taken")
	}
	return dialogue.Offer{}, nil, booking.Refuse(booking.CodeNotFound, "no accommodation %d", id)
}

func (b *business) Bookings() ([]dialogue.BookingView, error) { return b.bookings, b.down }

func stayOf(in, out string) booking.Stay {
	return booking.Stay{CheckIn: booking.MustDate(in), CheckOut: booking.MustDate(out)}
}

const (
	heldCode = "RES261122AAAAA1"
	paidCode = "RES261101BBBBB2"
	goneCode = "RES261001CCCCC3"
)

func (b *business) held() dialogue.BookingView {
	return dialogue.BookingView{Code: heldCode, AccommodationID: 1, UnitName: "Cabaña Arrayán", Stay: stayOf("2027-01-10", "2027-01-15"), Guests: 4,
		Status: booking.PreReserved, PaymentStatus: booking.PaymentPending, Total: booking.Pesos(334000), Deposit: booking.Pesos(100200),
		ExpiresAt: b.now.Add(30 * time.Minute), PaymentURL: "https://pay.example/1"}
}

func (b *business) paid() dialogue.BookingView {
	return dialogue.BookingView{Code: paidCode, AccommodationID: 2, UnitName: "Cabaña Coihue", Stay: stayOf("2026-12-20", "2026-12-23"), Guests: 2,
		Status: booking.Confirmed, PaymentStatus: booking.PaymentPartiallyPaid, Total: booking.Pesos(250000), Deposit: booking.Pesos(75000),
		Paid: booking.Pesos(75000), RefundIfCancelled: booking.Pesos(75000)}
}

func (b *business) gone() dialogue.BookingView {
	return dialogue.BookingView{Code: goneCode, AccommodationID: 3, UnitName: "Cabaña Lenga", Stay: stayOf("2026-10-10", "2026-10-12"), Guests: 2,
		Status: booking.Expired, Total: booking.Pesos(90000), Deposit: booking.Pesos(27000)}
}

// chat plays a guest against the dialogue.
type chat struct {
	t        *testing.T
	business *business
	state    dialogue.State
	last     dialogue.Outcome
}

func newChat(t *testing.T) *chat {
	t.Helper()
	return &chat{t: t, business: newBusiness(t), state: dialogue.State{V: 1, Greeted: true, Language: "es"}}
}

func (c *chat) take(in dialogue.Inbound) *chat {
	c.t.Helper()
	outcome, err := dialogue.Take(c.state, in, c.business)
	require.NoError(c.t, err)
	for _, reply := range outcome.Replies {
		require.NoError(c.t, withinLimits(reply))
	}
	c.state, c.last = outcome.State, outcome
	return c
}

func (c *chat) says(text string) *chat {
	c.t.Helper()
	return c.take(dialogue.Inbound{Kind: dialogue.InboundText, Text: text, ProfileName: "Ana Pérez"})
}

func (c *chat) presses(id string) *chat {
	c.t.Helper()
	return c.take(dialogue.Inbound{Kind: dialogue.InboundChoice, ChoiceID: id, Text: "título"})
}

// pressesOne presses the offered button or row whose id begins so.
func (c *chat) pressesOne(prefix string) *chat {
	c.t.Helper()
	for _, id := range c.ids() {
		if strings.HasPrefix(id, prefix) {
			return c.presses(id)
		}
	}
	require.Fail(c.t, "no such button", "%s in %v", prefix, c.ids())
	return c
}

func (c *chat) ids() []string {
	ids := []string{}
	for _, reply := range c.last.Replies {
		for _, choice := range reply.Choices {
			ids = append(ids, choice.ID)
		}
	}
	return ids
}

func (c *chat) body() string {
	var bodies []string
	for _, reply := range c.last.Replies {
		bodies = append(bodies, reply.Body)
	}
	return plain(strings.Join(bodies, "\n---\n"))
}

// plain makes the spaces that hold amounts together plain ones, for comparing.
func plain(text string) string { return strings.ReplaceAll(text, "\u00a0", " ") }

// hears checks parts of what the bot said last.
func (c *chat) hears(parts ...string) *chat {
	c.t.Helper()
	require.NotEmpty(c.t, c.last.Replies, "the bot said nothing")
	for _, part := range parts {
		require.Contains(c.t, c.body(), part)
	}
	return c
}

// sees checks the kind of the last reply and the ids offered.
func (c *chat) sees(kind dialogue.ReplyKind, ids ...string) *chat {
	c.t.Helper()
	require.NotEmpty(c.t, c.last.Replies)
	require.Equal(c.t, kind, c.last.Replies[len(c.last.Replies)-1].Kind)
	if len(ids) > 0 {
		require.Equal(c.t, ids, c.ids())
	}
	return c
}

// does checks the effects asked for.
func (c *chat) does(effects ...dialogue.Effect) *chat {
	c.t.Helper()
	require.Equal(c.t, effects, c.last.Effects)
	return c
}

func (c *chat) holdsNothing() *chat {
	c.t.Helper()
	require.Empty(c.t, c.last.Effects)
	return c
}

func (c *chat) isTold(effect dialogue.Effect, result dialogue.Result) *chat {
	c.t.Helper()
	outcome, err := dialogue.Resolve(c.state, effect, result, c.business)
	require.NoError(c.t, err)
	for _, reply := range outcome.Replies {
		require.NoError(c.t, withinLimits(reply))
	}
	c.state, c.last = outcome.State, outcome
	return c
}

var errDown = errors.New("the database is away")

var buenosAires = time.FixedZone("ART", -3*60*60)

func clockAt(t testing.TB, local string) time.Time {
	t.Helper()
	now, err := time.ParseInLocation("2006-01-02T15:04", local, buenosAires)
	require.NoError(t, err)
	return now
}
