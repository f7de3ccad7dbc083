package calendars

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"cabanas/activities"
	"cabanas/booking"
	"cabanas/gateways/ical"
	"cabanas/sandbox/control"
	"cabanas/workflows"
)

// nights from today on.
func (h *house) nights(in, nights int) booking.Stay {
	from := h.today().AddDays(in)
	return booking.Stay{CheckIn: from, CheckOut: from.AddDays(nights)}
}

// sold sells nights at a channel that has them free.
func (h *house) sold(channel booking.Channel, kind string, stay booking.Stay) string {
	h.t.Helper()
	sale, ok := h.sell(channel, kind, stay)
	require.True(h.t, ok, "%s has %s free", channel, stay)
	return sale.ID
}

// closedBy lists the nights that a feed closes in the next months.
func (h *house) closedBy(feedID int64) []string {
	h.t.Helper()
	nights := map[booking.Date]bool{}
	for _, b := range h.blocks() {
		if b.FeedID == feedID && b.Nights.CheckIn.Before(h.today().AddDays(certain)) {
			add(nights, b.Nights)
		}
	}
	return listed(nights)
}

func of(stays ...booking.Stay) []string {
	nights := map[booking.Date]bool{}
	for _, stay := range stays {
		add(nights, stay)
	}
	return listed(nights)
}

func listed(nights map[booking.Date]bool) []string {
	list := []string{}
	for night := range nights {
		list = append(list, night.String())
	}
	slices.Sort(list)
	return list
}

// rows counts what the comparison of calendars has written.
func (h *house) rows() (blocks, events int) {
	h.t.Helper()
	err := h.sql.QueryRow(h.t.Context(), `SELECT (SELECT count(*) FROM calendar_blocks), (SELECT count(*) FROM calendar_feed_events)`).
		Scan(&blocks, &events)
	require.NoError(h.t, err)
	return blocks, events
}

func TestAHundredCyclesBetweenTwoChannelsCreateNothing(t *testing.T) {
	t.Parallel()
	h := newHouse(t, 5*time.Minute)
	h.connect(booking.ChannelAirbnb, control.ChannelListing{})
	h.connect(booking.ChannelBooking, control.ChannelListing{})
	airbnb := []booking.Stay{h.nights(10, 3), h.nights(20, 2), h.nights(50, 4)}
	other := []booking.Stay{h.nights(13, 2), h.nights(30, 5)}
	gone := h.sold(booking.ChannelAirbnb, "reservation", airbnb[0])
	h.sold(booking.ChannelAirbnb, "reservation", airbnb[1])
	h.sold(booking.ChannelAirbnb, "closed", airbnb[2])
	h.sold(booking.ChannelBooking, "reservation", other[0])
	h.sold(booking.ChannelBooking, "closed", other[1])
	ours := h.book(h.nights(15, 3))
	h.book(h.nights(22, 2))
	h.book(h.nights(40, 2))
	_, err := h.store.Block(t.Context(), h.cabin, h.nights(44, 3), "repairs", h.staff, h.now())
	require.NoError(t, err)

	cycle := func(i int) (changes int) {
		h.wait(5 * time.Minute)
		for channel, pace := range map[booking.Channel]int{booking.ChannelAirbnb: 5, booking.ChannelBooking: 7} {
			result := h.fetch(channel)
			require.Contains(t, []workflows.SyncOutcome{workflows.SyncApplied, workflows.SyncUnchanged}, result.Outcome)
			require.Zero(t, result.Conflicts)
			changes += result.Added + result.Moved + result.Missing + result.Released
			if i%pace == pace-1 {
				h.pull(channel)
			}
		}
		return changes
	}
	requireOwn := func() {
		require.Equal(t, of(airbnb...), h.closedBy(h.feeds[booking.ChannelAirbnb]))
		require.Equal(t, of(other...), h.closedBy(h.feeds[booking.ChannelBooking]))
	}
	for i := range 100 {
		changes := cycle(i)
		requireOwn()
		if i >= 30 {
			require.Zero(t, changes, "cycle %d", i)
		}
	}
	blocks, events := h.rows()
	imported := len(h.listing(booking.ChannelAirbnb).Imported)

	h.cancel(ours.Code)
	require.NoError(t, h.channels.CancelBooking(t.Context(), gone))
	airbnb = airbnb[1:]
	other = append(other, h.nights(60, 2))
	h.sold(booking.ChannelBooking, "reservation", other[2])
	for i := range 50 {
		cycle(i)
	}
	requireOwn()
	for i := range 20 {
		require.Zero(t, cycle(i))
	}
	requireOwn()
	after, eventsAfter := h.rows()
	require.LessOrEqual(t, after, blocks+8, "a few came and went")
	require.LessOrEqual(t, eventsAfter, events+12)
	require.LessOrEqual(t, len(h.listing(booking.ChannelAirbnb).Imported), imported+1)
	h.clean()
}

func TestWhatWeExportWeImportUnchanged(t *testing.T) {
	t.Parallel()
	for seed := range uint64(4) {
		h := newHouse(t, 5*time.Minute)
		rng := rand.New(rand.NewPCG(seed, 0))
		h.connect(booking.ChannelAirbnb, control.ChannelListing{})
		var codes []string
		var taken []booking.Stay
		for range 25 {
			stay := h.nights(1+rng.IntN(200), 1+rng.IntN(9))
			if slices.ContainsFunc(taken, stay.Overlaps) {
				continue
			}
			taken = append(taken, stay)
			switch rng.IntN(4) {
			case 0:
				h.sold(booking.ChannelAirbnb, "reservation", stay)
			case 1:
				_, err := h.store.Block(t.Context(), h.cabin, stay, "repairs", h.staff, h.now())
				require.NoError(t, err)
			default:
				codes = append(codes, h.book(stay).Code)
			}
		}
		h.fetch(booking.ChannelAirbnb)

		twin := h.newCabin("Mirror")
		address := h.export(h.cabin, booking.ChannelOther)
		mirror := h.follow(twin, booking.ChannelOther, address)
		itself := h.follow(h.cabin, booking.ChannelOther, address)
		back := h.follow(h.cabin, booking.ChannelOther, h.export(twin, booking.ChannelOther))
		run := func() {
			for _, id := range []int64{mirror, itself, back} {
				h.wait(time.Minute)
				_, err := h.calendars.SyncFeed(t.Context(), workflows.CalendarSyncInput{FeedID: id})
				require.NoError(t, err)
			}
		}
		requireSame := func() {
			require.Equal(t, h.exported(h.cabin), h.mirrored(twin))
			require.Empty(t, h.closedBy(itself), "our own calendar closes nothing of ours")
			require.Empty(t, h.closedBy(back), "nor does it by way of another cabin")
		}
		run()
		requireSame()
		before := h.exported(h.cabin)
		require.NotEmpty(t, before)

		h.cancel(codes[0])
		for range 4 {
			run()
		}
		requireSame()
		require.Less(t, len(h.exported(h.cabin)), len(before), "the cancelled nights are open there, too")
		h.clean()
	}
}

// exported are the nights of our calendar, as another program reads them.
func (h *house) exported(cabin int64) []string {
	h.t.Helper()
	rows, err := h.store.ExportRows(h.t.Context(), cabin, booking.ChannelOther, h.today(), false)
	require.NoError(h.t, err)
	nights := map[booking.Date]bool{}
	for _, row := range rows {
		add(nights, row.Nights)
	}
	return listed(nights)
}

func (h *house) mirrored(cabin int64) []string {
	h.t.Helper()
	blocks, err := h.store.Blocks(h.t.Context(), cabin, h.today(), h.today().AddDays(800))
	require.NoError(h.t, err)
	nights := map[booking.Date]bool{}
	for _, b := range blocks {
		add(nights, b.Nights)
	}
	return listed(nights)
}

// An export says the same as long as nothing changes, whoever asks and when.
func TestAnExportIsTheSameUntilSomethingChanges(t *testing.T) {
	t.Parallel()
	h := newHouse(t, 5*time.Minute)
	token, hash := activities.NewExportToken()
	_, err := h.store.RotateExport(t.Context(), h.cabin, booking.ChannelAirbnb, hash, byCommand, h.now())
	require.NoError(t, err)
	text := func() string {
		_, body, err := h.calendars.Export(t.Context(), h.cabin, token)
		require.NoError(t, err)
		return string(body)
	}
	sold := h.book(h.nights(10, 3))
	held, err := h.hold(h.nights(20, 3))
	require.NoError(t, err)
	first := text()
	require.NotContains(t, first, h.today().AddDays(20).String(), "nobody paid for these nights yet")
	calendar, err := ical.Parse([]byte(first), ical.Reading{Zone: zone, From: h.today(), Until: h.today().AddMonths(24)})
	require.NoError(t, err)
	require.Len(t, calendar.Events, 1)
	require.Empty(t, calendar.Problems)
	h.wait(25 * time.Minute)
	require.Equal(t, first, text())
	h.restart()
	require.Equal(t, first, text())

	h.confirm(held.Code)
	require.NotEqual(t, first, text())
	h.cancel(held.Code)
	h.cancel(sold.Code)
	require.NotContains(t, text(), "VEVENT")
}
