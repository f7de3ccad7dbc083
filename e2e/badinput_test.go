package e2e

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"cabanas/sandbox/control"
)

func paymentOf(preference string) control.NewPayment {
	return control.NewPayment{PreferenceID: preference}
}

func paysOnePeso(t *testing.T, s *stack) {
	g := s.arrives(t)
	h := g.holds(s.week(t, 2), 2)
	short := paymentOf(s.preference(t, h.Code))
	short.Amount = "1"
	peso, err := s.world.Pay(patient(t), short)
	require.NoError(t, err)
	g.isTold(h.Code, "payment_short")
	s.ownerHears(t, h.Code, "owner_payment_case")
	r := s.becomes(t, h.Code, "pre_reserved", "partially_paid")
	require.EqualValues(t, 100, r.Paid)
	require.Equal(t, "applied", s.ledger(t, peso.ID).Disposition)
	g.pays(h, "")
	g.isTold(h.Code, "confirmed")
	require.Equal(t, r.Deposit+100, s.becomes(t, h.Code, "confirmed", "partially_paid").Paid)
}

// paysOddly: money that is not what was asked for is written down, confirms nothing, and the owner is told.
func paysOddly(t *testing.T, s *stack) {
	for name, change := range map[string]func(*control.NewPayment){
		"another currency":       func(p *control.NewPayment) { p.Currency = "USD" },
		"another collector":      func(p *control.NewPayment) { p.CollectorID = 999_999_999 },
		"someone's reference":    func(p *control.NewPayment) { p.ExternalReference = new("RES260101ABCDEF") },
		"no reference":           func(p *control.NewPayment) { p.ExternalReference = new("") },
		"a reference of a store": func(p *control.NewPayment) { p.ExternalReference = new("order #1 of another shop") },
	} {
		w, _ := s.wishes(3, s.week(t, 2), 2)
		h := s.books(t, w)
		odd := paymentOf(s.preference(t, h.Code))
		change(&odd)
		p, err := s.world.Pay(patient(t), odd)
		require.NoError(t, err, name)
		parked := s.settles(t, p.ID, "parked")
		require.False(t, parked.Counted, name)
		r := s.becomes(t, h.Code, "pre_reserved", "pending")
		require.Zero(t, r.Paid, name)
		s.ownerHearsOfPayment(t, p.ID, name)
	}
	// Nobody knows this one: it is answered, asked for, and changes nothing.
	require.NoError(t, s.world.NotifyAnything(patient(t), control.Notice{DataID: "123456789012"}))
	require.NoError(t, s.world.WaitIdle(patient(t)))
	require.Zero(t, s.number(t, `SELECT count(*) FROM payments WHERE provider_id = '123456789012'`))
}

// ownerHearsOfPayment: whose booking it is may not be known, but the payment is named.
func (s *stack) ownerHearsOfPayment(t *testing.T, paymentID int64, name string) {
	t.Helper()
	s.eventually(t, patience, "the owner is told of a payment with "+name, func(ctx context.Context) error {
		all, err := s.world.Messages(ctx, ownerNumber, 0)
		if err != nil {
			return err
		}
		for _, m := range all {
			if m.Direction == "out" && strings.Contains(m.BizOpaque, fmt.Sprintf("owner_payment_case/%d", paymentID)) {
				return nil
			}
		}
		return fmt.Errorf("nothing of payment %d", paymentID)
	})
}

func writesBadDates(t *testing.T, s *stack) {
	g := s.arrives(t)
	when := s.week(t, 3)
	for _, text := range []string{
		fmt.Sprintf("del %s al %s para 2 personas", today().AddDate(-1, 0, 0).Format("2/1/2006"), today().AddDate(-1, 0, 3).Format("2/1/2006")),
		fmt.Sprintf("del %s al %s para 2 personas", when.out.Format("2/1/2006"), when.in.Format("2/1/2006")),
		"del 31/2 al 33/2 para 2 personas",
		fmt.Sprintf("del %s al %s para 99 personas", when.in.Format("2/1"), when.out.Format("2/1")),
		fmt.Sprintf("del %s al %s para 0 personas", when.in.Format("2/1"), when.out.Format("2/1")),
	} {
		g.says(text)
		require.NotEmpty(t, g.hearsAnything().Text, text)
	}
	s.hasNoBooking(t, g.Number)
	// The conversation is not broken by any of it.
	h := g.holds(when, 2)
	s.becomes(t, h.Code, "pre_reserved", "pending")
}

func asksBadly(t *testing.T, s *stack) {
	when := s.week(t, 3)
	for name, test := range map[string]struct {
		change func(*wish)
		code   string
		status int
	}{
		"in the past":    {func(w *wish) { w.CheckIn, w.CheckOut = "2020-01-10", "2020-01-12" }, "in_the_past", http.StatusUnprocessableEntity},
		"reversed":       {func(w *wish) { w.CheckIn, w.CheckOut = w.CheckOut, w.CheckIn }, "invalid_dates", http.StatusUnprocessableEntity},
		"no night":       {func(w *wish) { w.CheckOut = w.CheckIn }, "invalid_dates", http.StatusUnprocessableEntity},
		"nobody":         {func(w *wish) { w.Guests = 0 }, "invalid_guests", http.StatusUnprocessableEntity},
		"ninety-nine":    {func(w *wish) { w.Guests = 99 }, "too_many_guests", http.StatusUnprocessableEntity},
		"too far":        {func(w *wish) { far := stayFrom(800, 3); w.CheckIn, w.CheckOut = far.checkIn(), far.checkOut() }, "beyond_horizon", http.StatusUnprocessableEntity},
		"too long":       {func(w *wish) { long := stayFrom(60, 90); w.CheckIn, w.CheckOut = long.checkIn(), long.checkOut() }, "too_long", http.StatusUnprocessableEntity},
		"too short":      {func(w *wish) { w.CheckOut = when.in.AddDate(0, 0, 1).Format("2006-01-02") }, "too_short", http.StatusUnprocessableEntity},
		"no such cabin":  {func(w *wish) { w.AccommodationID = 987654 }, "not_found", http.StatusNotFound},
		"no phone":       {func(w *wish) { w.ContactPhone = "abc" }, "invalid_input", http.StatusUnprocessableEntity},
		"not a date":     {func(w *wish) { w.CheckIn = "mañana" }, "invalid_input", http.StatusUnprocessableEntity},
		"nobody's name":  {func(w *wish) { w.ContactName = " " }, "invalid_input", http.StatusUnprocessableEntity},
		"a broken email": {func(w *wish) { w.ContactEmail = "not an address" }, "invalid_input", http.StatusUnprocessableEntity},
	} {
		w, number := s.wishes(1, when, 2)
		test.change(&w)
		a := s.post(t, w)
		require.Equal(t, test.status, a.status, "%s: %s", name, a.body)
		require.Equal(t, test.code, a.problem(t).Code, name)
		s.hasNoBooking(t, number)
	}
	for name, test := range map[string]struct {
		body   string
		status int
	}{
		"malformed":  {`{"accommodation_id": 1,`, http.StatusBadRequest},
		"not JSON":   {`hello`, http.StatusBadRequest},
		"3 MB":       {`{"contact_name": "` + strings.Repeat("x", 3<<20) + `"}`, http.StatusRequestEntityTooLarge},
		"wrong type": {`{"accommodation_id": "one"}`, http.StatusUnprocessableEntity},
	} {
		a := s.must(t, http.MethodPost, "/api/v1/reservations", []byte(test.body))
		require.Equal(t, test.status, a.status, "%s: %s", name, a.body)
		a.problem(t)
	}
}

func wantsRemovedCabin(t *testing.T, s *stack) {
	cabin := s.cabin(t, "Cabaña Efímera", 9)
	g, when := s.arrives(t), s.week(t, 2)
	g.asksFor(when, 8)
	yes := g.hears("the offer", func(m control.Message) bool { return offers(fmt.Sprintf("hold_%d_", cabin))(m) || offers("acc_")(m) })
	choice, found := chooseHold(yes)
	if !found {
		g.presses(choice)
		choice = g.isOffered(fmt.Sprintf("hold_%d_", cabin))
	}
	_, err := s.db.Exec(patient(t), `UPDATE accommodations SET active = false WHERE id = $1`, cabin)
	require.NoError(t, err)
	g.presses(choice)
	require.NotEmpty(t, g.hearsAnything().Text)
	s.hasNoBooking(t, g.Number)
	w, number := s.wishes(cabin, when, 2)
	require.GreaterOrEqual(t, s.post(t, w).status, 400)
	s.hasNoBooking(t, number)
}

func sendsBadWebhooks(t *testing.T, s *stack) {
	taken := s.number(t, `SELECT count(*) FROM webhook_inbox WHERE body::text LIKE '%not-ours%'`)
	body := []byte(`{"object":"whatsapp_business_account","entry":[],"mark":"not-ours"}`)
	require.Equal(t, http.StatusForbidden, s.fromMeta(t, "wrong secret", body).status)
	require.Equal(t, http.StatusUnauthorized, s.must(t, http.MethodPost, "/api/v1/webhooks/whatsapp", body).status)
	require.Equal(t, http.StatusBadRequest, s.fromMeta(t, appSecret, []byte(`{"object":`)).status)
	require.Equal(t, http.StatusForbidden, s.fromMercadoPago(t, "wrong secret", "123456789013").status)
	require.Equal(t, taken, s.number(t, `SELECT count(*) FROM webhook_inbox WHERE body::text LIKE '%not-ours%'`))
	require.Zero(t, s.number(t, `SELECT count(*) FROM webhook_inbox WHERE provider = 'mercadopago' AND meta ->> 'payment_id' = '123456789013'`))

	envelope := `{"object":"whatsapp_business_account","entry":[],"padding":"%s"}`
	require.Equal(t, http.StatusOK, s.fromMeta(t, appSecret, fmt.Appendf(nil, envelope, strings.Repeat("x", 3<<20-200))).status, "3 MB are Meta's right")
	require.Equal(t, http.StatusRequestEntityTooLarge, s.fromMeta(t, appSecret, fmt.Appendf(nil, envelope, strings.Repeat("x", 4<<20))).status)
	for name, odd := range map[string]string{
		"nothing in it":    `{"object":"whatsapp_business_account"}`,
		"other field":      `{"object":"whatsapp_business_account","entry":[{"id":"1","changes":[{"field":"account_update","value":{"event":"x"}}]}]}`,
		"shapes all wrong": `{"object":"whatsapp_business_account","entry":[{"id":1,"changes":"no"},{"changes":[{"field":"messages","value":{"messages":[7,{"id":null}]}}]}]}`,
	} {
		require.Equal(t, http.StatusOK, s.fromMeta(t, appSecret, []byte(odd)).status, name)
	}
	// Another topic is none of our business.
	require.NoError(t, s.world.NotifyAnything(patient(t), control.Notice{DataID: "42", Type: "topic_claims_integration_wh"}))
	require.NoError(t, s.world.WaitIdle(patient(t)))
	require.NoError(t, s.world.VerifyWebhook(patient(t)))
	require.Equal(t, http.StatusForbidden,
		s.must(t, http.MethodGet, "/api/v1/webhooks/whatsapp?hub.mode=subscribe&hub.challenge=1&hub.verify_token=guess", nil).status)
}

func writesElsewhere(t *testing.T, s *stack) {
	number, name := s.person()
	_, err := s.world.AddGuest(patient(t), control.Guest{Number: number, Name: name})
	require.NoError(t, err)
	wamid, err := s.world.Send(patient(t), control.Inbound{From: number, Text: "Hola, este es otro negocio", PhoneNumberID: "999000111222333"})
	require.NoError(t, err)
	// The next message of the same guest to us is answered; the other never existed.
	_, err = s.world.Say(patient(t), number, "Hola")
	require.NoError(t, err)
	_, err = s.world.WaitReply(patient(t), number, 0, nil)
	require.NoError(t, err)
	require.Zero(t, s.number(t, `SELECT count(*) FROM messages WHERE provider_id = $1`, wamid))
}
