package postgres_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"cabanas/booking"
)

func TestAChannelIsToldWhatIsNotItsOwn(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ctx := t.Context()
	airbnb, other := b.airbnb(), b.newFeed(b.cabin, booking.ChannelBooking, "https://booking.test/1.ics")
	airbnb.shows(event("a", "2027-01-10", 2))
	other.shows(event("b", "2027-01-20", 2))
	held := b.hold(stay("2027-02-01", 2))
	sold := b.hold(stay("2027-02-10", 2))
	_, err := b.ConfirmByOwner(ctx, sold.Code, 1, now)
	require.NoError(t, err)
	_, err = b.Block(ctx, b.cabin, stay("2027-03-01", 2), "paint", 0, now)
	require.NoError(t, err)

	rows := func(channel booking.Channel, holds bool) []string {
		found, err := b.ExportRows(ctx, b.cabin, channel, monday, holds)
		require.NoError(t, err)
		var nights []string
		for _, row := range found {
			nights = append(nights, row.Nights.String())
		}
		return nights
	}
	require.Equal(t, []string{"2027-01-20/2027-01-22", "2027-02-10/2027-02-12", "2027-03-01/2027-03-03"}, rows(booking.ChannelAirbnb, false))
	require.Equal(t, []string{"2027-01-10/2027-01-12", "2027-02-10/2027-02-12", "2027-03-01/2027-03-03"}, rows(booking.ChannelBooking, false))
	require.Len(t, rows("vrbo", false), 4)
	require.Contains(t, rows("vrbo", true), held.Stay.String())

	before, err := b.ExportRows(ctx, b.cabin, booking.ChannelAirbnb, monday, false)
	require.NoError(t, err)
	other.shows(event("b", "2027-01-20", 3))
	after, err := b.ExportRows(ctx, b.cabin, booking.ChannelAirbnb, monday, false)
	require.NoError(t, err)
	require.Equal(t, before[0].ID, after[0].ID, "moved, it keeps its name")
	require.Equal(t, before[0].Sequence+1, after[0].Sequence)
	require.Equal(t, before[1:], after[1:], "what did not change looks the same")
}

func TestPullsAreRememberedForTheirChannel(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ctx := t.Context()
	export, err := b.RotateExport(ctx, b.cabin, booking.ChannelAirbnb, []byte("one"), byCommand, now)
	require.NoError(t, err)
	last, err := b.LastPull(ctx, b.cabin, booking.ChannelAirbnb)
	require.NoError(t, err)
	require.True(t, last.IsZero())

	require.NoError(t, b.RecordPull(ctx, export.ID, "", "", now.Add(time.Hour)))
	pulls, err := b.PullsSince(ctx, b.cabin, now)
	require.NoError(t, err)
	require.Equal(t, map[booking.Channel]time.Time{booking.ChannelAirbnb: {}}, pulls, "a browser is no channel")
	for i := range 3 {
		require.NoError(t, b.RecordPull(ctx, export.ID, "airbnb", booking.ChannelAirbnb, now.Add(time.Duration(i+2)*time.Hour)))
	}
	pulls, err = b.PullsSince(ctx, b.cabin, now.Add(150*time.Minute))
	require.NoError(t, err)
	require.Equal(t, now.Add(3*time.Hour), pulls[booking.ChannelAirbnb])
	last, err = b.LastPull(ctx, b.cabin, booking.ChannelAirbnb)
	require.NoError(t, err)
	require.Equal(t, now.Add(4*time.Hour), last)

	_, err = b.RotateExport(ctx, b.cabin, booking.ChannelAirbnb, []byte("two"), byCommand, now)
	require.NoError(t, err)
	_, err = b.Export(ctx, b.cabin, []byte("one"))
	requireCode(t, err, booking.CodeNotFound)
	found, err := b.Export(ctx, b.cabin, []byte("two"))
	require.NoError(t, err)
	require.Equal(t, export.ID, found.ID)
	exports, err := b.Exports(ctx, 0)
	require.NoError(t, err)
	require.Equal(t, last, exports[0].LastPull)
	require.NoError(t, b.EndExport(ctx, export.ID, byCommand, now))
	_, err = b.Export(ctx, b.cabin, []byte("two"))
	requireCode(t, err, booking.CodeNotFound)
}

func TestAPromiseWithoutFreshFeedsIsNoted(t *testing.T) {
	t.Parallel()
	b := setup(t)
	r := b.hold(stay("2027-02-01", 2))
	require.NoError(t, b.NoteCalendarStale(t.Context(), r.Code, "hold", []int64{7}, now))
	require.Equal(t, "held calendar_stale", b.story(r.Code))
	b.clean()
}
