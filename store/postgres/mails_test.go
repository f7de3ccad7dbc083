package postgres_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"cabanas/booking"
	"cabanas/store/postgres"
)

func (b *bench) mail(mail postgres.NewMail) (int64, bool) {
	b.t.Helper()
	mail.Kind, mail.Content = "confirmed", raw("words")
	id, waits, err := b.QueueMail(b.t.Context(), mail, now)
	require.NoError(b.t, err)
	return id, waits
}

func (b *bench) mailed(id int64) postgres.Mail {
	b.t.Helper()
	mail, err := b.Mail(b.t.Context(), id)
	require.NoError(b.t, err)
	return mail
}

func TestMailIsWrittenOncePerKeyAndRecipient(t *testing.T) {
	t.Parallel()
	b := setup(t)
	r := b.hold(stay("2027-01-10", 5))
	id, waits := b.mail(postgres.NewMail{Key: "K", GuestID: b.guest, Code: r.Code, TraceID: "t"})
	require.True(t, waits)
	again, waits := b.mail(postgres.NewMail{Key: "K", GuestID: b.guest})
	require.True(t, waits)
	require.Equal(t, id, again)
	owners, _ := b.mail(postgres.NewMail{Key: "K", Owner: true, Unasked: true})
	require.NotEqual(t, id, owners)
	require.Equal(t, postgres.Mail{ID: owners, Key: "K", Owner: true, Kind: "confirmed", Content: raw("words"), Receipts: []string{}, Unasked: true,
		Status: postgres.MailQueued, CreatedAt: b.mailed(owners).CreatedAt}, b.mailed(owners))

	require.NoError(t, b.MailTried(t.Context(), id, postgres.MailQueued, "unreachable", now))
	got := b.mailed(id)
	require.Equal(t, []any{postgres.MailQueued, "unreachable", 1, booking.PreReserved, "t"}, []any{got.Status, got.Error, got.Attempts, got.Reservation, got.TraceID})
	require.NoError(t, b.MailTried(t.Context(), id, postgres.MailSent, "", now.Add(time.Minute)))
	require.NoError(t, b.MailTried(t.Context(), id, postgres.MailFailed, "recipient", now), "what ended stays as it is")
	got = b.mailed(id)
	require.Equal(t, []any{postgres.MailSent, "", 2}, []any{got.Status, got.Error, got.Attempts})
	known, waits := b.mail(postgres.NewMail{Key: "K", GuestID: b.guest})
	require.Equal(t, id, known)
	require.False(t, waits)

	_, _, err := b.QueueMail(t.Context(), postgres.NewMail{Key: "K2", Kind: "x", Content: raw("x")}, now)
	requireCode(t, err, booking.CodeInvalidInput)
	_, err = b.Mail(t.Context(), 999)
	requireCode(t, err, booking.CodeNotFound)

	var group errgroup.Group
	ids := make([]int64, 10)
	for i := range ids {
		group.Go(func() (err error) {
			ids[i], _, err = b.QueueMail(t.Context(), postgres.NewMail{Key: "K3", Kind: "x", GuestID: b.guest, Content: raw("x")}, now)
			return err
		})
	}
	require.NoError(t, group.Wait())
	for _, id := range ids {
		require.Equal(t, ids[0], id)
	}
}

func TestMailGoesWhereTheGuestIsNow(t *testing.T) {
	t.Parallel()
	b := setup(t)
	first, err := b.UpsertGuest(t.Context(), postgres.Guest{Phone: "541155550001", Email: "a@example.org"})
	require.NoError(t, err)
	second, err := b.UpsertGuest(t.Context(), postgres.Guest{WhatsAppUserID: "u1"})
	require.NoError(t, err)
	id, _ := b.mail(postgres.NewMail{Key: "K", GuestID: second})
	require.Empty(t, b.mailed(id).GuestEmail)
	_, err = b.UpsertGuest(t.Context(), postgres.Guest{Phone: "541155550001", WhatsAppUserID: "u1"})
	require.NoError(t, err)
	require.Equal(t, "a@example.org", b.mailed(id).GuestEmail, "two rows turned out to be one person")
	_, err = b.UpsertGuest(t.Context(), postgres.Guest{Phone: "541155550001", Email: "b@example.org"})
	require.NoError(t, err)
	require.Equal(t, "b@example.org", b.mailed(id).GuestEmail)
	require.False(t, b.mailed(id).OptedOut)
	_, err = b.sql.Exec(t.Context(), `UPDATE guests SET opted_out_at = now() WHERE id = $1`, first)
	require.NoError(t, err)
	require.True(t, b.mailed(id).OptedOut)
}

func TestReceiptGoesWithOneMail(t *testing.T) {
	t.Parallel()
	b := setup(t)
	r := b.hold(stay("2027-01-10", 5))
	about := postgres.NewMail{GuestID: b.guest, Code: r.Code}
	confirmed := about
	confirmed.Key, confirmed.Receipts = "confirmed", []string{"2", "1"}
	id, _ := b.mail(confirmed)
	require.Equal(t, []string{"1", "2"}, b.mailed(id).Receipts)
	again, waits := b.mail(confirmed)
	require.Equal(t, id, again)
	require.True(t, waits)

	receipt := about
	receipt.Key, receipt.Receipts, receipt.OnlyReceipts = "receipt/2", []string{"2"}, true
	none, waits := b.mail(receipt)
	require.Zero(t, none)
	require.False(t, waits)
	receipt.Key, receipt.Receipts = "receipt/3", []string{"3"}
	third, waits := b.mail(receipt)
	require.NotZero(t, third)
	require.True(t, waits)
	late := about
	late.Key, late.Receipts = "late_confirmed", []string{"2", "3", "4"}
	id, _ = b.mail(late)
	require.Equal(t, []string{"4"}, b.mailed(id).Receipts)
}
