package postgres

import (
	"context"
	"time"

	"cabanas/booking"
	"cabanas/booking/feed"
	"cabanas/store/postgres/dbgen"
)

// write writes a plan: first what goes, then what changes, then what is new, so that no UID is in two live events at once.
func (a *application) write(ctx context.Context, plan feed.Plan) error {
	var blocks blockChanges
	for _, change := range plan.Release {
		blocks.replace(change.ID, a.blocks[change.ID], nil)
	}
	for _, change := range plan.Update {
		blocks.replace(change.ID, a.blocks[change.ID], change.Closed)
	}
	for _, step := range []func() error{
		func() error { return a.release(ctx, plan.Release) },
		func() error { return a.update(ctx, plan.Update) },
		func() error { return a.add(ctx, plan.Add, &blocks) },
		func() error { return a.close(ctx, blocks) },
	} {
		if err := step(); err != nil {
			return err
		}
	}
	return a.s.queries.FinishSync(ctx, a.db, &dbgen.FinishSyncParams{
		ID: a.feed.id, Etag: a.answer.ETag, LastModified: a.answer.LastModified, Digest: append([]byte{}, a.answer.Digest...),
		Unsettled: !plan.Settled, Problems: int32(a.answer.Problems), Changed: a.changed(plan), Quarantined: plan.Quarantined, Now: a.now,
	})
}

func (a *application) release(ctx context.Context, changes []feed.Change) error {
	if len(changes) == 0 {
		return nil
	}
	return a.s.queries.ReleaseEvents(ctx, a.db, &dbgen.ReleaseEventsParams{Ids: columnsOf(changes).ids, Now: a.now})
}

func (a *application) update(ctx context.Context, changes []feed.Change) error {
	if len(changes) == 0 {
		return nil
	}
	rows := columnsOf(changes)
	if err := a.s.queries.SetAsideUIDs(ctx, a.db, rows.ids); err != nil {
		return err
	}
	return a.s.queries.UpdateEvents(ctx, a.db, &dbgen.UpdateEventsParams{
		Ids: rows.ids, Uids: rows.uids, Starts: rows.starts, Ends: rows.ends, Kinds: rows.kinds, Echoes: rows.echoes, Missing: rows.missing,
		Now: a.now,
	})
}

func (a *application) add(ctx context.Context, changes []feed.Change, blocks *blockChanges) error {
	if len(changes) == 0 {
		return nil
	}
	rows := columnsOf(changes)
	if err := a.s.queries.ForgetPastUIDs(ctx, a.db, &dbgen.ForgetPastUIDsParams{
		FeedID: a.feed.id, Uids: rows.uids, Since: a.rememberedSince(), Now: a.now}); err != nil {
		return err
	}
	inserted, err := a.s.queries.InsertEvents(ctx, a.db, &dbgen.InsertEventsParams{
		FeedID: a.feed.id, Uids: rows.uids, Starts: rows.starts, Ends: rows.ends, Kinds: rows.kinds, Echoes: rows.echoes,
		Missing: rows.missing, Now: a.now,
	})
	if err != nil {
		return err
	}
	ids := make(map[string]int64, len(inserted))
	for _, row := range inserted {
		ids[row.Uid] = row.ID
	}
	for _, change := range changes {
		blocks.replace(ids[change.UID], nil, change.Closed)
	}
	return nil
}

// close brings the blocks to where the plan wants them. Blocks that give nights away go first: no moment counts a night twice.
func (a *application) close(ctx context.Context, b blockChanges) error {
	if len(b.released) > 0 {
		if err := a.s.queries.ReleaseBlocks(ctx, a.db, &dbgen.ReleaseBlocksParams{Ids: b.released, Now: a.now}); err != nil {
			return err
		}
	}
	if len(b.moved) > 0 {
		if err := a.s.queries.KeepFormerNights(ctx, a.db, &dbgen.KeepFormerNightsParams{Ids: b.moved, Now: a.now}); err != nil {
			return err
		}
		starts, ends := bounds(b.movedTo)
		if err := a.s.queries.MoveBlocks(ctx, a.db, &dbgen.MoveBlocksParams{Ids: b.moved, Starts: starts, Ends: ends, Now: a.now}); err != nil {
			return err
		}
	}
	if len(b.addedTo) == 0 {
		return nil
	}
	starts, ends := bounds(b.added)
	return a.s.queries.InsertFeedBlocks(ctx, a.db, &dbgen.InsertFeedBlocksParams{
		AccommodationID: a.feed.accommodationID, EventIds: b.addedTo, Starts: starts, Ends: ends, Now: a.now})
}

// blockChanges collects what happens to blocks over all events of a plan.
type blockChanges struct {
	released []int64
	moved    []int64
	movedTo  []booking.Stay
	addedTo  []int64 // events
	added    []booking.Stay
}

// replace finds the least that brings the blocks of an event to the wanted nights. A block that keeps some of its nights stays
// the same block, and with it the conflicts that were decided on.
func (b *blockChanges) replace(eventID int64, blocks []eventBlock, wanted []booking.Stay) {
	taken := make([]bool, len(wanted))
	claim := func(fits func(booking.Stay) bool) (booking.Stay, bool) {
		for i, nights := range wanted {
			if !taken[i] && fits(nights) {
				taken[i] = true
				return nights, true
			}
		}
		return booking.Stay{}, false
	}
	var changing []eventBlock
	for _, block := range blocks {
		if _, same := claim(func(nights booking.Stay) bool { return nights == block.nights }); !same {
			changing = append(changing, block)
		}
	}
	for _, block := range changing {
		if nights, overlaps := claim(block.nights.Overlaps); overlaps {
			b.moved, b.movedTo = append(b.moved, block.id), append(b.movedTo, nights)
		} else {
			b.released = append(b.released, block.id)
		}
	}
	for i, nights := range wanted {
		if !taken[i] {
			b.addedTo, b.added = append(b.addedTo, eventID), append(b.added, nights)
		}
	}
}

// eventColumns are changes as the columns of a statement.
type eventColumns struct {
	ids          []int64
	uids, kinds  []string
	starts, ends []time.Time
	echoes       []bool
	missing      []int32
}

func columnsOf(changes []feed.Change) eventColumns {
	var c eventColumns
	for _, change := range changes {
		c.ids, c.uids, c.kinds = append(c.ids, change.ID), append(c.uids, change.UID), append(c.kinds, string(change.Kind))
		c.starts, c.ends = append(c.starts, change.Nights.CheckIn.Time()), append(c.ends, change.Nights.CheckOut.Time())
		c.echoes, c.missing = append(c.echoes, change.Echo()), append(c.missing, int32(change.Missing))
	}
	return c
}

func bounds(nights []booking.Stay) (starts, ends []time.Time) {
	for _, n := range nights {
		starts, ends = append(starts, n.CheckIn.Time()), append(ends, n.CheckOut.Time())
	}
	return starts, ends
}
