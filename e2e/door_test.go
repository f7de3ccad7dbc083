package e2e

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func booksByREST(t *testing.T, s *stack) {
	when := s.week(t, 3)
	w, number := s.wishes(1, when, 2)
	w.ContactEmail = "wenceslada.q@example.com"
	s.keepPrivate(w.ContactEmail)
	begun := time.Now()
	a := s.post(t, w)
	require.Equal(t, http.StatusCreated, a.status, "%s", a.body)
	var h hold
	a.into(t, &h)
	require.Regexp(t, `^RES\d{6}[0-9A-F]{6}$`, h.Code)
	require.Equal(t, "/api/v1/reservations/"+h.Code, a.header.Get("Location"))
	require.Equal(t, "pre_reserved", h.Status)
	require.GreaterOrEqual(t, len(h.Token), 20)
	require.Equal(t, 3, h.Nights)
	require.WithinDuration(t, begun.Add(30*time.Minute), h.ExpiresAt, time.Minute)
	require.Contains(t, h.PaymentURL, "/mp/checkout/")
	var sum int64
	nights := 0
	for _, line := range h.Price {
		sum += line.Amount.centavos(t)
		if line.Kind == "night" {
			nights++
		}
	}
	require.Equal(t, 3, nights)
	require.Equal(t, h.Total.centavos(t), sum, "the price adds up")
	r := s.becomes(t, h.Code, "pre_reserved", "pending")
	require.Equal(t, r.Total, h.Total.centavos(t))
	require.Equal(t, r.Deposit, h.Deposit.centavos(t))
	require.Equal(t, "direct", r.Channel)

	shown := s.shown(t, h)
	require.Equal(t, "pre_reserved", shown.Status)
	require.NotNil(t, shown.PaymentURL)
	require.Equal(t, h.PaymentURL, *shown.PaymentURL)
	path := "/api/v1/reservations/" + h.Code
	require.Equal(t, http.StatusNotFound, s.must(t, http.MethodGet, path, nil, "X-Reservation-Token", "not-the-token").status)
	require.Equal(t, http.StatusUnauthorized, s.must(t, http.MethodGet, path, nil).status)
	require.Equal(t, http.StatusNotFound, s.must(t, http.MethodGet, "/api/v1/reservations/RES260101ABCDEF", nil, "X-Reservation-Token", h.Token).status)

	_, err := s.world.Pay(patient(t), paymentOf(s.preference(t, h.Code)))
	require.NoError(t, err)
	s.becomes(t, h.Code, "confirmed", "partially_paid")
	shown = s.shown(t, h)
	require.Equal(t, h.Deposit, shown.Paid)
	require.Nil(t, shown.ExpiresAt)
	require.Nil(t, shown.PaymentURL)
	s.hears(t, number, h.Code, "hold", "confirmed", "receipt")

	other, _ := s.wishes(1, stay{when.in.AddDate(0, 0, 1), when.out.AddDate(0, 0, 1)}, 2)
	refused := s.post(t, other)
	require.Equal(t, http.StatusConflict, refused.status)
	p := refused.problem(t)
	require.Equal(t, "dates_taken", p.Code)
	require.NotEmpty(t, p.Alternatives)
	for _, alternative := range p.Alternatives {
		require.NotZero(t, alternative.AccommodationID)
		require.NotZero(t, alternative.Total.centavos(t))
	}
}

func repeatsWithKey(t *testing.T, s *stack) {
	w, number := s.wishes(1, s.week(t, 2), 2)
	key := []string{"Idempotency-Key", "a-key-of-" + number[len(number)-4:]}
	first := s.post(t, w, key...)
	require.Equal(t, http.StatusCreated, first.status, "%s", first.body)
	again := s.post(t, w, key...)
	require.Equal(t, http.StatusCreated, again.status, "%s", again.body)
	require.JSONEq(t, string(first.body), string(again.body))
	require.Equal(t, "true", again.header.Get("Idempotency-Replayed"))
	w.Guests = 1
	other := s.post(t, w, key...)
	require.Equal(t, http.StatusConflict, other.status)
	require.Equal(t, "idempotency_conflict", other.problem(t).Code)
	require.EqualValues(t, 1, s.number(t, `SELECT count(*) FROM reservations r JOIN guests g ON g.id = r.guest_id WHERE g.phone = $1`, canonical(number)))
}
