package postgres_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"cabanas/booking"
	"cabanas/store/postgres"
)

// What Postgres says of a wrong value repeats it; errors go to logs and histories.
func TestErrorsCarryNoValues(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id, _, _, err := b.RecordInbound(t.Context(), postgres.Inbound{Guest: postgres.Guest{Phone: seedPhone}, ProviderID: "x", Kind: "text",
		Body: json.RawMessage(`{"text": "` + seedName + `", }`), SentAt: now}, now)
	require.Error(t, err)
	require.Zero(t, id)
	require.NotContains(t, err.Error(), "Zulema")
	require.Contains(t, err.Error(), "22P02")
	_, err = b.UpsertGuest(t.Context(), postgres.Guest{Phone: seedPhone + "x", Name: seedName})
	requireCode(t, err, booking.CodeInvalidInput)
	require.NotContains(t, err.Error(), seedPhone)
	require.NotContains(t, err.Error(), "Zulema")
	_, err = b.UpsertGuest(t.Context(), postgres.Guest{Phone: seedPhone, Name: "Zulema\x00"})
	require.Error(t, err)
	require.NotContains(t, err.Error(), "Zulema")
}
