package activities

import (
	"context"
	"slices"
	"time"

	"cabanas/booking"
	"cabanas/store/postgres"
)

const (
	// longestBoard is how many days are shown at once.
	longestBoard = 400
	boardPage    = 1000
)

// Unseen is a channel that does not know of nights yet.
type Unseen struct {
	Channel booking.Channel
	Since   time.Time
	// LastPull is when it last asked, zero when it never did.
	LastPull time.Time
	// Published says that the channel has an address to ask at all.
	Published bool
}

// BoardStay is a reservation and who does not know of it.
type BoardStay struct {
	postgres.BoardReservation
	Unseen []Unseen
}

// BoardBlock is a block and who does not know of it.
type BoardBlock struct {
	postgres.Block
	Unseen []Unseen
}

// BoardFeed is a feed and how old its last good answer is; one that never gave any counts from its making.
type BoardFeed struct {
	postgres.Feed
	Age   time.Duration
	Stale bool
}

// BoardUnit is what the calendar shows of an accommodation.
type BoardUnit struct {
	ID        int64
	Name      string
	Stays     []BoardStay
	Blocks    []BoardBlock
	Conflicts []postgres.Conflict
	Feeds     []BoardFeed
}

// Board shows [from, to) of an accommodation, or of all with 0: what is sold and closed, where it does not agree, how fresh other
// calendars are, and which channels could still sell what is sold. No date means from today for two months.
func (d *CalendarDesk) Board(ctx context.Context, accommodationID int64, from, to booking.Date) ([]BoardUnit, error) {
	today, err := d.Calendars.today(ctx)
	if err != nil {
		return nil, err
	}
	if from.IsZero() {
		from = today
	}
	if to.IsZero() {
		to = from.AddMonths(2)
	}
	switch {
	case !from.Before(to):
		return nil, booking.Refuse(booking.CodeInvalidDates, "to is not after from")
	case from.DaysUntil(to) > longestBoard:
		return nil, booking.Refuse(booking.CodeTooLong, "the calendar shows %d days at once", longestBoard)
	}
	b := &board{desk: d, today: today, units: map[int64]*BoardUnit{}, known: map[int64]map[booking.Channel]Unseen{}}
	for _, step := range []func() error{
		func() error { return b.places(ctx, accommodationID) },
		func() error { return b.channels(ctx, accommodationID) },
		func() error { return b.stays(ctx, accommodationID, from, to) },
		func() error { return b.blocks(ctx, accommodationID, from, to) },
		func() error { return b.conflicts(ctx, accommodationID) },
	} {
		if err := step(); err != nil {
			return nil, err
		}
	}
	units := make([]BoardUnit, 0, len(b.units))
	for _, unit := range b.units {
		units = append(units, *unit)
	}
	slices.SortFunc(units, func(a, b BoardUnit) int { return int(a.ID - b.ID) })
	return units, nil
}

type board struct {
	desk  *CalendarDesk
	today booking.Date
	units map[int64]*BoardUnit
	// known are the channels of each accommodation, with their last pull.
	known map[int64]map[booking.Channel]Unseen
}

func (b *board) places(ctx context.Context, accommodationID int64) error {
	if accommodationID != 0 {
		_, err := b.unit(ctx, accommodationID)
		return err
	}
	places, err := b.desk.Store.Accommodations(ctx)
	for _, place := range places {
		b.units[place.ID] = &BoardUnit{ID: place.ID, Name: place.Name}
	}
	return err
}

// unit finds an accommodation; one that is not offered any more is shown while something of it is.
func (b *board) unit(ctx context.Context, id int64) (*BoardUnit, error) {
	if unit, there := b.units[id]; there {
		return unit, nil
	}
	place, err := b.desk.Store.Accommodation(ctx, id)
	if err != nil {
		return nil, err
	}
	b.units[id] = &BoardUnit{ID: id, Name: place.Name}
	return b.units[id], nil
}

func (b *board) channels(ctx context.Context, accommodationID int64) error {
	c := b.desk.Calendars
	feeds, err := c.Feeds(ctx, accommodationID)
	if err != nil {
		return err
	}
	for _, f := range feeds {
		unit, err := b.unit(ctx, f.AccommodationID)
		if err != nil {
			return err
		}
		since := f.LastGoodAt
		if since.IsZero() {
			since = f.CreatedAt
		}
		age := max(c.Now().Sub(since), 0)
		unit.Feeds = append(unit.Feeds, BoardFeed{Feed: f, Age: age, Stale: f.PausedAt.IsZero() && age >= c.StaleAfter})
		b.channel(Unseen{Channel: f.Channel}, f.AccommodationID)
	}
	exports, err := b.desk.Store.Exports(ctx, accommodationID)
	for _, x := range exports {
		b.channel(Unseen{Channel: x.Channel, LastPull: x.LastPull, Published: true}, x.AccommodationID)
	}
	return err
}

func (b *board) channel(channel Unseen, accommodationID int64) {
	if b.known[accommodationID] == nil {
		b.known[accommodationID] = map[booking.Channel]Unseen{}
	}
	b.known[accommodationID][channel.Channel] = channel
}

// unseen lists the channels that have not asked since nights were taken. Where they came from they are known.
func (b *board) unseen(accommodationID int64, from booking.Channel, since time.Time) []Unseen {
	var channels []Unseen
	for _, name := range FeedChannels {
		channel, there := b.known[accommodationID][name]
		if !there || name == from && name != booking.ChannelOther || channel.Published && !channel.LastPull.Before(since) {
			continue
		}
		channel.Since = since
		channels = append(channels, channel)
	}
	return channels
}

func (b *board) stays(ctx context.Context, accommodationID int64, from, to booking.Date) error {
	found, err := b.desk.Store.BoardReservations(ctx, accommodationID, from, to, b.desk.Calendars.ExportHolds)
	if err != nil {
		return err
	}
	for _, r := range found {
		unit, err := b.unit(ctx, r.AccommodationID)
		if err != nil {
			return err
		}
		stay := BoardStay{BoardReservation: r}
		if r.Status.Live() && r.Stay.CheckOut.After(b.today) {
			since := r.ToldAt
			if r.Status == booking.PreReserved && !b.desk.Calendars.ExportHolds {
				stay.Unseen = b.unpublished(r.AccommodationID, r.Channel, since)
			} else {
				stay.Unseen = b.unseen(r.AccommodationID, r.Channel, since)
			}
		}
		unit.Stays = append(unit.Stays, stay)
	}
	return nil
}

// unpublished lists every channel: a hold that is not published is seen by none, however often they ask.
func (b *board) unpublished(accommodationID int64, from booking.Channel, since time.Time) []Unseen {
	var channels []Unseen
	for _, name := range FeedChannels {
		if channel, there := b.known[accommodationID][name]; there && (name != from || name == booking.ChannelOther) {
			channel.Since = since
			channels = append(channels, channel)
		}
	}
	return channels
}

func (b *board) blocks(ctx context.Context, accommodationID int64, from, to booking.Date) error {
	filter := postgres.BlockFilter{AccommodationID: accommodationID, From: from, To: to}
	for after := int64(0); ; {
		page, err := b.desk.Store.BlockPage(ctx, filter, after, boardPage)
		if err != nil {
			return err
		}
		for _, block := range page {
			unit, err := b.unit(ctx, block.AccommodationID)
			if err != nil {
				return err
			}
			shown := BoardBlock{Block: block}
			if block.Source != "offer" && block.Nights.CheckOut.After(b.today) {
				shown.Unseen = b.unseen(block.AccommodationID, block.Channel, block.Since)
			}
			unit.Blocks = append(unit.Blocks, shown)
		}
		if len(page) < boardPage {
			break
		}
		after = page[len(page)-1].ID
	}
	for _, unit := range b.units {
		slices.SortStableFunc(unit.Blocks, func(a, b BoardBlock) int { return b.Nights.CheckIn.DaysUntil(a.Nights.CheckIn) })
	}
	return nil
}

func (b *board) conflicts(ctx context.Context, accommodationID int64) error {
	open, err := b.desk.Store.ConflictPage(ctx, postgres.ConflictFilter{Status: postgres.ConflictsOpen, AccommodationID: accommodationID}, 0, boardPage)
	if err != nil {
		return err
	}
	for _, conflict := range open {
		unit, err := b.unit(ctx, conflict.AccommodationID)
		if err != nil {
			return err
		}
		unit.Conflicts = append(unit.Conflicts, conflict)
	}
	return nil
}
