package activities_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"cabanas/activities"
	"cabanas/booking"
	"cabanas/gateways/email"
	"cabanas/gateways/email/emailtest"
	"cabanas/gateways/whatsapp"
	"cabanas/internal/observe"
	"cabanas/store/postgres"
	"cabanas/workflows"
)

const (
	anasEmail   = "ana@example.org"
	ownersEmail = "duena@example.org"
)

// postOffice is a till whose notices go by WhatsApp and, over a real SMTP relay, by mail. In place of Temporal the test sends.
type postOffice struct {
	*till
	*activities.Messaging
	mails  *activities.Mails
	relay  *emailtest.Relay
	phone  numbered
	sender *postmen
}

// numbered is Meta with an id of its own for each message.
type numbered struct{ *meta }

func (n numbered) Send(ctx context.Context, to whatsapp.Recipient, m whatsapp.Message) (whatsapp.Receipt, error) {
	receipt, err := n.meta.Send(ctx, to, m)
	receipt.MessageID = fmt.Sprint("wamid.", len(n.sent))
	return receipt, err
}

// postmen notes the mails that are to be sent.
type postmen struct {
	mu      sync.Mutex
	away    bool
	started []int64
}

func (p *postmen) Mail(_ context.Context, id int64) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.away {
		return errTemporalAway
	}
	p.started = append(p.started, id)
	return nil
}

func openPostOffice(t *testing.T) *postOffice {
	t.Helper()
	o := &postOffice{till: openTill(t), relay: emailtest.New(t, emailtest.Options{}), phone: numbered{&meta{}}, sender: &postmen{}}
	client, err := email.New(email.Options{Host: o.relay.Host, Port: o.relay.Port, Security: email.None, From: "reservas@cabanas.test", Timeout: 5 * time.Second})
	require.NoError(t, err)
	metrics := observe.NewMetrics(prometheus.NewRegistry())
	o.Messaging = &activities.Messaging{
		Store: o.store, WhatsApp: o.phone, Again: &processes{}, OwnerPhone: ownersPhone, Metrics: metrics, Now: o.clock,
		Mailbox: &activities.Mailbox{Store: o.store, Start: o.sender, ToOwner: true, WhatsApp: "5492944123456", Now: o.clock},
	}
	o.mails = &activities.Mails{Store: o.store, Relay: client, OwnerEmail: ownersEmail, Domain: "cabanas.test", Metrics: metrics, Now: o.clock}
	_, err = o.store.UpsertGuest(t.Context(), postgres.Guest{Phone: "543515550101", Email: anasEmail, Language: "en"})
	require.NoError(t, err)
	return o
}

func (o *postOffice) confirm() {
	o.t.Helper()
	box := &activities.Cashbox{Store: o.store, Processes: silent{o.tasks}, Now: o.clock}
	_, err := box.Record(o.t.Context(), activities.RecordRequest{Code: o.code, Method: booking.ByCash, Amount: booking.Pesos(300),
		By: postgres.Author{Kind: "system"}, Confirm: true, Via: "owner_phone"})
	require.NoError(o.t, err)
	r, err := o.store.Reservation(o.t.Context(), o.code)
	require.NoError(o.t, err)
	require.Equal(o.t, booking.Confirmed, r.Status)
}

func (o *postOffice) tell(kinds ...workflows.NoticeKind) error {
	o.t.Helper()
	in := workflows.NoticesInput{}
	for _, kind := range kinds {
		in.Notices = append(in.Notices, workflows.NoticeInput{Code: o.code, Kind: kind})
	}
	_, err := o.SendNotices(o.t.Context(), in)
	return err
}

// post sends what was started, as Temporal would, and returns the first failure.
func (o *postOffice) post() (failure error) {
	o.sender.mu.Lock()
	ids := o.sender.started
	o.sender.started = nil
	o.sender.mu.Unlock()
	for _, id := range ids {
		if _, err := o.mails.SendMail(o.t.Context(), workflows.MailInput{MailID: id}); err != nil && failure == nil {
			failure = err
		}
	}
	return failure
}

// state is the status, error and attempts of the only mail.
func (o *postOffice) state() (status, reason string, attempts int) {
	o.t.Helper()
	require.NoError(o.t, o.sql.QueryRow(o.t.Context(), `SELECT status, error, attempts FROM mails`).Scan(&status, &reason, &attempts))
	return status, reason, attempts
}

func (o *postOffice) written() (n int) {
	o.t.Helper()
	require.NoError(o.t, o.sql.QueryRow(o.t.Context(), `SELECT count(*) FROM mails`).Scan(&n))
	return n
}

func (o *postOffice) subject(n int) string {
	o.t.Helper()
	decoded, err := decoder.DecodeHeader(o.relay.Mails()[n].Message(o.t).Header.Get("Subject"))
	require.NoError(o.t, err)
	return decoded
}

func TestConfirmationIsMailedWithCalendarAndReceipt(t *testing.T) {
	t.Parallel()
	o := openPostOffice(t)
	o.ReceiptBase = mustURL("https://cabanas.test")
	o.confirm()
	for range 2 { // the worker may die before Temporal hears of it
		require.NoError(t, o.tell(workflows.NoticeConfirmed, workflows.NoticeOwnerConfirmed))
		require.NoError(t, o.post())
	}
	require.Len(t, o.phone.sent, 3, "confirmation, receipt, owner")
	mails := o.relay.Mails()
	require.Len(t, mails, 2, "the receipt went with the confirmation")
	require.Equal(t, []string{anasEmail}, mails[0].To)
	require.Equal(t, "Your booking "+o.code+" is confirmed · Cabañas", o.subject(0))
	raw := string(mails[0].Raw)
	require.Contains(t, raw, `filename="`+o.code+`.ics"`)
	require.Contains(t, raw, `filename="R-0001-00000001.pdf"`)
	require.Equal(t, []string{ownersEmail}, mails[1].To)
	require.Equal(t, "Reserva confirmada ✅", o.subject(1))
	require.NotContains(t, string(mails[1].Raw), ".ics")
	require.NotContains(t, string(mails[1].Raw), anasEmail)
	require.NotEqual(t, mails[0].Message(t).Header.Get("Message-Id"), mails[1].Message(t).Header.Get("Message-Id"))
	require.InDelta(t, 1, counted(t, o.mails.Metrics.EmailsSent.WithLabelValues("confirmed", "sent")), 0)

	calendar := string(decoded(t, mails[0], "text/calendar"))
	for _, line := range []string{"METHOD:PUBLISH", "DTSTART;VALUE=DATE:20270110", "DTEND;VALUE=DATE:20270112", "UID:stay-" + o.code + "@cabanas.test"} {
		require.Contains(t, calendar, line)
	}
	require.True(t, strings.HasPrefix(string(decoded(t, mails[0], "application/pdf")), "%PDF"))
}

func TestMailIsRepeatedAndWhatsAppIsNot(t *testing.T) {
	t.Parallel()
	o := openPostOffice(t)
	require.NoError(t, o.tell(workflows.NoticeHalfTime))
	require.Len(t, o.phone.sent, 1)
	id := o.sender.started[0]
	again := func() error {
		_, err := o.mails.SendMail(t.Context(), workflows.MailInput{MailID: id})
		return err
	}
	o.relay.Refuse("data", 451)
	require.Equal(t, email.ReasonTemporary, email.ReasonOf(again()))
	status, reason, attempts := o.state()
	require.Equal(t, []any{"queued", "temporary", 1}, []any{status, reason, attempts})
	o.relay.Stop()
	require.Equal(t, email.ReasonUnreachable, email.ReasonOf(again()))
	o.relay.Start()
	require.NoError(t, again())
	require.NoError(t, again(), "it was sent")
	require.Len(t, o.relay.Mails(), 1)
	status, reason, attempts = o.state()
	require.Equal(t, []any{"sent", "", 3}, []any{status, reason, attempts})
	require.Len(t, o.phone.sent, 1)
}

func TestMailThatIsRefusedForGood(t *testing.T) {
	t.Parallel()
	o := openPostOffice(t)
	require.NoError(t, o.tell(workflows.NoticeHalfTime))
	o.relay.Refuse("rcpt", 550)
	require.NoError(t, o.post())
	status, reason, _ := o.state()
	require.Equal(t, []string{"failed", "recipient"}, []string{status, reason})
	require.InDelta(t, 1, counted(t, o.mails.Metrics.EmailsSent.WithLabelValues("hold_half_time", "recipient")), 0)
	require.NoError(t, o.tell(workflows.NoticeHalfTime))
	require.Empty(t, o.sender.started, "nobody tries again")
}

func TestNeitherWayHoldsUpTheOther(t *testing.T) {
	t.Parallel()
	o := openPostOffice(t)
	o.sender.away = true
	require.Error(t, o.tell(workflows.NoticeHalfTime), "the mail waits for Temporal")
	require.Len(t, o.phone.sent, 1)
	o.sender.away = false
	require.NoError(t, o.tell(workflows.NoticeHalfTime))
	require.Len(t, o.phone.sent, 1, "said once")
	require.NoError(t, o.post())
	require.Len(t, o.relay.Mails(), 1)

	o.OwnerPhone = ""
	o.confirm()
	require.NoError(t, o.tell(workflows.NoticeOwnerConfirmed))
	require.NoError(t, o.post())
	require.Len(t, o.phone.sent, 1, "an owner without WhatsApp has a mail")
	require.Equal(t, []string{ownersEmail}, o.relay.Mails()[1].To)
}

func TestWhoIsNotMailed(t *testing.T) {
	t.Parallel()
	o := openPostOffice(t)
	require.NoError(t, o.tell(workflows.NoticeHold, workflows.NoticeLastCall))
	require.Zero(t, o.written(), "not every notice is a mail")
	o.Mailbox.ToOwner = false
	require.NoError(t, o.tell(workflows.NoticeOwnerHandOver))
	require.Zero(t, o.written(), "an owner without address")
	_, err := o.sql.Exec(t.Context(), `UPDATE guests SET email = ''`)
	require.NoError(t, err)
	require.NoError(t, o.tell(workflows.NoticeHalfTime))
	require.Zero(t, o.written(), "a guest without address")
	o.Mailbox = nil
	require.NoError(t, o.tell(workflows.NoticeOwnerCancelled))
	require.Zero(t, o.written(), "no relay, no rows")
}

func TestMailsThatAreOver(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		kind   workflows.NoticeKind
		before func(*postOffice)
		reason string
	}{
		"paid meanwhile":      {workflows.NoticeHalfTime, func(o *postOffice) { o.confirm() }, "overtaken"},
		"the owner, too late": {workflows.NoticeOwnerHandOver, func(o *postOffice) { o.later(73 * time.Hour) }, "too_old"},
		"the address is gone": {workflows.NoticeHalfTime, func(o *postOffice) { o.run(`UPDATE guests SET email = ''`) }, "no_address"},
		"wants nothing more":  {workflows.NoticeHalfTime, func(o *postOffice) { o.run(`UPDATE guests SET opted_out_at = now()`) }, "opted_out"},
		"no relay any more":   {workflows.NoticeHalfTime, func(o *postOffice) { o.mails.Relay = nil }, "no_relay"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := openPostOffice(t)
			require.NoError(t, o.tell(test.kind))
			test.before(o)
			require.NoError(t, o.post())
			status, reason, _ := o.state()
			require.Equal(t, []string{"dropped", test.reason}, []string{status, reason})
			require.Empty(t, o.relay.Mails())
		})
	}
}

func (o *postOffice) run(statement string) {
	o.t.Helper()
	_, err := o.sql.Exec(o.t.Context(), statement)
	require.NoError(o.t, err)
}

func TestConflictIsMailedToTheOwnerAtOnce(t *testing.T) {
	t.Parallel()
	c := newCoast(t)
	sender, relay := &postmen{}, emailtest.New(t, emailtest.Options{})
	client, err := email.New(email.Options{Host: relay.Host, Port: relay.Port, Security: email.None, From: "reservas@cabanas.test"})
	require.NoError(t, err)
	messaging := &activities.Messaging{Store: c.store, Feeds: c.store, Again: &redeliveries{}, OwnerPhone: ownersPhone, Metrics: c.Metrics, Now: c.clock,
		Mailbox: &activities.Mailbox{Store: c.store, Start: sender, ToOwner: true, Now: c.clock}}
	mails := &activities.Mails{Store: c.store, Relay: client, OwnerEmail: ownersEmail, Metrics: c.Metrics, Now: c.clock}
	r := c.hold(10, 3)
	c.publishes(c.stay("a", 11, 4))
	alarms := c.sync().Alarms
	require.Len(t, alarms, 1)
	for range 2 {
		_, err = messaging.GiveCalendarAlarms(t.Context(), workflows.CalendarAlarms{Alarms: alarms})
		require.NoError(t, err)
	}
	for _, id := range sender.started {
		_, err = mails.SendMail(t.Context(), workflows.MailInput{MailID: id})
		require.NoError(t, err)
	}
	require.Len(t, relay.Mails(), 1)
	plain := string(decoded(t, relay.Mails()[0], "text/plain"))
	require.Contains(t, plain, r.Code)
	require.Contains(t, plain, "Qué hacer:")
}

func TestHandOverIsMailedToTheOwner(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	sender := &postmen{}
	h.Mailbox = &activities.Mailbox{Store: h.store, Start: sender, ToOwner: true, Now: func() time.Time { return h.now }}
	guest := h.from("5491155550101", `"type":"text","text":{"body":"quiero hablar con una persona"}`)
	h.effects(guest, h.decide(workflows.TurnInput{GuestID: guest}))
	require.NotEmpty(t, sender.started)
	require.Equal(t, int64(1), ask[int64](h, `SELECT count(*) FROM mails WHERE to_owner AND kind = 'owner_hand_over'`))
}
