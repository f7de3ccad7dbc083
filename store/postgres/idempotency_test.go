package postgres_test

import (
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"cabanas/booking"
	"cabanas/store/postgres"
)

func TestAWriteIsCarriedOutByOneAndAnsweredToAll(t *testing.T) {
	t.Parallel()
	b := setup(t)
	write := postgres.WriteKey{Endpoint: "place-hold", Key: "k", RequestHash: []byte("h")}
	take := func(w postgres.WriteKey, at time.Time) postgres.TakenWrite {
		t.Helper()
		taken, err := b.TakeWrite(t.Context(), w, time.Minute, at)
		require.NoError(t, err)
		return taken
	}
	first := take(write, now)
	require.NotNil(t, first.Lease)
	require.Equal(t, postgres.TakenWrite{}, take(write, now), "somebody is at it")
	other := write
	other.RequestHash = []byte("other")
	_, err := b.TakeWrite(t.Context(), other, time.Minute, now)
	requireCode(t, err, booking.CodeDuplicate)
	elsewhere := write
	elsewhere.Endpoint = "cancel"
	require.NotNil(t, take(elsewhere, now).Lease)

	answer := postgres.StoredResponse{Status: 201, Headers: map[string]string{"Location": "/x"}, Body: []byte(`{"code":"RES"}`)}
	kept, err := b.KeepWrite(t.Context(), write, *first.Lease, answer, now)
	require.NoError(t, err)
	require.True(t, kept)
	require.Equal(t, &answer, take(write, now.Add(48*time.Hour-time.Second)).Stored)
	_, err = b.TakeWrite(t.Context(), other, time.Minute, now)
	requireCode(t, err, booking.CodeDuplicate)
	require.NoError(t, b.FreeWrite(t.Context(), write, *first.Lease), "a lease that is over frees nothing")
	require.Equal(t, &answer, take(write, now).Stored)
	require.NotNil(t, take(other, now.Add(48*time.Hour)).Lease, "48 hours are over")
}

func TestADeadProcessBlocksAKeyForItsLeaseOnly(t *testing.T) {
	t.Parallel()
	b := setup(t)
	write := postgres.WriteKey{Endpoint: "place-hold", Key: "k", RequestHash: []byte("h")}
	dead, err := b.TakeWrite(t.Context(), write, time.Minute, now)
	require.NoError(t, err)
	second, err := b.TakeWrite(t.Context(), write, time.Minute, now.Add(time.Minute))
	require.NoError(t, err)
	require.NotNil(t, second.Lease)
	kept, err := b.KeepWrite(t.Context(), write, *dead.Lease, postgres.StoredResponse{Status: 201}, now)
	require.NoError(t, err)
	require.False(t, kept, "who was slower than the lease has lost it")
	require.NoError(t, b.FreeWrite(t.Context(), write, *dead.Lease))
	kept, err = b.KeepWrite(t.Context(), write, *second.Lease, postgres.StoredResponse{Status: 200}, now)
	require.NoError(t, err)
	require.True(t, kept)

	refused := postgres.WriteKey{Endpoint: "place-hold", Key: "refused", RequestHash: []byte("h")}
	taken, err := b.TakeWrite(t.Context(), refused, time.Minute, now)
	require.NoError(t, err)
	require.NoError(t, b.FreeWrite(t.Context(), refused, *taken.Lease))
	taken, err = b.TakeWrite(t.Context(), refused, time.Minute, now)
	require.NoError(t, err)
	require.NotNil(t, taken.Lease)
}

func TestOneOfManyTakesAWrite(t *testing.T) {
	t.Parallel()
	b := setup(t)
	var leases atomic.Int32
	var group errgroup.Group
	for range 20 {
		group.Go(func() error {
			taken, err := b.TakeWrite(t.Context(), postgres.WriteKey{Endpoint: "e", Key: "k", RequestHash: []byte("h")}, time.Minute, now)
			if taken.Lease != nil {
				leases.Add(1)
			}
			return err
		})
	}
	require.NoError(t, group.Wait())
	require.Equal(t, int32(1), leases.Load())
}
