package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"

	"cabanas/gateways/email/emailtest"
	"cabanas/sandbox/control"
	"cabanas/sandbox/guest"
	"cabanas/workflows"
)

// zulema is somebody who cannot be mistaken for anybody else.
const (
	zulemaNumber   = "5492944987654"
	zulemaName     = "Zulema Quiroga Ñancupil"
	zulemaEmail    = "zulema.nancupil@example.org"
	zulemaDocument = "33.444.555"
	zulemaSays     = "somos mi perro Firulais y yo, llegamos en el Fiat verde"
	zulemaBank     = "TRANSF QUIROGA ZULEMA CUIT 27334445552"
	zulemaPays     = "quien.paga.nancupil@example.net"
	zulemaPayer    = "Eustaquio Ñancupil"
	// zulemaTold is said in the voice note, see sandbox/speech/clips.
	zulemaTold  = "¿Tenés lugar del diez al quince de enero"
	staffAnswer = "Firulais es bienvenido, Zulema"
	staffNote   = "trae un galgo llamado Firulais"
)

// zulemaSpelled are her data as they must be found nowhere.
var zulemaSpelled = []string{"2944987654", "294 498-7654", "294-498-7654", "2944-98-7654", "Zulema", "Quiroga", "Ñancupil", "nancupil", zulemaDocument, "33444555", "Firulais",
	"Fiat verde", "diez al quince de enero", "Eustaquio"}

// TestPrivacy takes one guest through everything that can happen, errors first of all, and looks for her wherever nobody has a
// reason to look for her. Then she is erased, and looked for everywhere else.
func TestPrivacy(t *testing.T) {
	t.Parallel()
	relay, traces := emailtest.New(t, emailtest.Options{}), newCollector(t)
	s := start(t, true, "LOG_LEVEL=debug", "OTEL_TRACES_EXPORTER=otlp", "OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf", "OTEL_EXPORTER_OTLP_ENDPOINT="+traces.URL,
		"OTEL_BSP_SCHEDULE_DELAY=200", "SMTP_HOST="+relay.Host, fmt.Sprintf("SMTP_PORT=%d", relay.Port), "SMTP_USE_TLS=false", "SMTP_FROM=cabanas@example.net",
		"OWNER_EMAIL=duena@example.net", "LATE_PAYMENT_GRACE=1s")
	s.setUpOwner(t)
	s.ownerIsThere(t)
	o := s.office(t)
	g := &talker{Guest: &guest.Guest{Control: s.world, Number: zulemaNumber, Name: zulemaName}, s: s, t: t}
	require.NoError(t, g.Arrive(patient(t)))

	hostile(t, s)
	codes := []string{booksAndTalks(t, o, g), transfers(t, o, g), booksWithMail(t, o, relay)}
	neighboursFail(t, s, g)
	s.heal(t)
	s.settled(t)
	keepsHouse(t, s)
	for _, table := range []string{"guests", "messages", "mails", "movements", "webhook_inbox"} {
		require.NotZero(t, s.number(t, fmt.Sprintf(`SELECT count(*) FROM %s`, table)), table)
	}
	nowhere := newSearch(zulemaSpelled...)
	for _, text := range zulemaSpelled {
		if !strings.ContainsAny(text, "- ") {
			require.NotZero(t, nowhere.rows(t, s, text), "%s is in the database, so that it could leak", text)
		}
	}
	nowhere.everywhere(t, s, traces.bytes())

	isErased(t, o, codes)
	nowhere.database(t, s)
	nowhere.everywhere(t, s, traces.bytes())
	writesAgain(t, s, g)
}

// keepsHouse runs what the schedule runs every day; nothing here is old enough to go.
func keepsHouse(t *testing.T, s *stack) {
	_, err := s.temporal.ScheduleClient().GetHandle(patient(t), workflows.HousekeepingID).Describe(patient(t))
	require.NoError(t, err)
	run, err := s.temporal.ExecuteWorkflow(patient(t), client.StartWorkflowOptions{ID: "housekeeping-of-a-test", TaskQueue: workflows.QueueBooking}, "Housekeeping")
	require.NoError(t, err)
	var result workflows.HousekeepingResult
	require.NoError(t, run.Get(patient(t), &result))
	for _, done := range result.Done {
		require.Contains(t, []string{"responses", "login_attempts"}, done.Task, "%+v", done)
	}
}

// hostile are requests with her data in every place where nobody expects them.
func hostile(t *testing.T, s *stack) {
	query := url.Values{"check_in": {zulemaName}, "phone": {zulemaNumber}, "email": {zulemaEmail}}.Encode()
	for _, path := range []string{"/api/v1/accommodations/1/availability?" + query, "/" + url.PathEscape(zulemaName) + "?" + query,
		"/api/v1/reservations/" + url.PathEscape(zulemaEmail), "/api/v1/webhooks/whatsapp?hub.verify_token=" + zulemaNumber} {
		s.must(t, http.MethodGet, path, nil, "X-Reservation-Token", zulemaEmail, "User-Agent", zulemaName, "Referer", "https://x/?"+query, "X-Trace-ID", zulemaEmail)
	}
	for _, body := range []string{
		`{"contact_name":"` + zulemaName + `","contact_phone":"` + zulemaNumber + `x"}`,
		`{"accommodation_id":1,"check_in":"` + zulemaName + `"}`, `{"contact_name": ` + zulemaName,
		`{"accommodation_id":1,"check_in":"2027-08-01","check_out":"2027-08-03","guests":2,"contact_name":"` + zulemaName + `\u0000","contact_phone":"+` + zulemaNumber + `"}`,
		`{"accommodation_id":99999,"check_in":"2027-08-01","check_out":"2027-08-03","guests":2,"contact_name":"` + zulemaName + `","contact_phone":"+` + zulemaNumber + `"}`,
	} {
		a := s.must(t, http.MethodPost, "/api/v1/reservations", []byte(body), "Idempotency-Key", zulemaNumber)
		require.GreaterOrEqual(t, a.status, 400)
		require.Less(t, a.status, 500, "%s", a.body)
	}
	broken := []byte(`{"object":"whatsapp_business_account","entry":[{"changes":[{"value":{"messages":[{"from":"` + zulemaNumber + `","text":"` + zulemaSays + `"`)
	odd := []byte(`{"object":"whatsapp_business_account","entry":[{"changes":[{"field":"messages","value":{"contacts":[{"profile":{"name":"` + zulemaName +
		`"}}],"messages":[{"from":"` + zulemaNumber + `","id":7,"type":"` + zulemaName + `"},{"from":"` + zulemaName + `","id":"wamid.odd","type":"text","timestamp":"x"}]}}]}]}`)
	for _, body := range [][]byte{broken, odd} {
		s.fromMeta(t, appSecret, body)
		s.fromMeta(t, "another-secret", body)
	}
	s.fromMercadoPago(t, webhookSecret, "12345678")
	s.must(t, http.MethodPost, "/api/v1/webhooks/mercadopago?data.id="+url.QueryEscape(zulemaEmail)+"&type=payment", []byte(`{"payer":"`+zulemaEmail+`"}`))
	a := s.must(t, http.MethodPost, "/api/v1/admin/login", asJSON(t, map[string]string{"email": zulemaEmail, "password": zulemaName}))
	require.Equal(t, http.StatusUnauthorized, a.status)
}

// booksAndTalks books by chat, pays, speaks, asks for a person and is answered by one.
func booksAndTalks(t *testing.T, o *office, g *talker) string {
	send(t, o.stack, g, "Hola! soy "+zulemaName+", DNI "+zulemaDocument+", mi mail es "+zulemaEmail+" y mi celu 294 498-7654")
	g.hearsAnything()
	when := o.week(t, 2)
	h := g.holds(when, 2)
	paid := g.pays(h, "pending")
	g.isTold(h.Code, "payment_pending")
	approved := fmt.Sprintf(`{"email": %q, "first_name": %q, "identification": {"number": "33444555"}}`, zulemaPays, zulemaPayer)
	require.NoError(t, o.world.SetRawPayment(patient(t), paid.ID, control.RawPayment{Members: map[string]json.RawMessage{
		"payer": json.RawMessage(approved), "additional_info": json.RawMessage(approved), "description": json.RawMessage(`"Seña de ` + zulemaPayer + `"`),
	}}))
	_, err := o.world.ChangePayment(patient(t), paid.ID, control.PaymentChange{Status: "approved"})
	require.NoError(t, err)
	g.isTold(h.Code, "confirmed")
	o.found(t, "payment_events", "approved")

	_, err = o.world.Send(patient(t), control.Inbound{From: g.Number, Type: "audio", Clip: "fechas-cuatro"})
	require.NoError(t, err)
	o.found(t, "audio_transcriptions", zulemaTold)
	send(t, o.stack, g, "Necesito hablar con una persona por favor, "+zulemaSays)
	o.reaches(t, 1, `SELECT count(*) FROM conversations c JOIN guests g ON g.id = c.guest_id WHERE g.phone = $1 AND c.handed_over`, canonical(g.Number))
	id := o.number(t, `SELECT id FROM guests WHERE phone = $1`, canonical(g.Number))
	o.posts(fmt.Sprintf("/admin/conversations/%d/reply", id), "staff-1", map[string]string{"text": staffAnswer}, http.StatusAccepted)
	g.hears("the person", func(m control.Message) bool { return m.Text == staffAnswer })
	_, err = o.world.Echo(patient(t), g.Number, "Zulema, te esperamos con Firulais")
	require.NoError(t, err)
	o.found(t, "messages", "te esperamos con Firulais")
	o.ask(http.MethodPost, fmt.Sprintf("/admin/conversations/%d/hand-back", id), nil, http.StatusOK, nil)
	_, err = o.db.Exec(patient(t), `INSERT INTO reservation_notes (reservation_id, special_requests, internal_notes, updated_at)
		SELECT id, $2, $2, now() FROM reservations WHERE code = $1`, h.Code, staffNote)
	require.NoError(t, err)
	return h.Code
}

// transfers books by chat and pays by transfer, which the bank writes down with her name.
func transfers(t *testing.T, o *office, g *talker) string {
	o.ask(http.MethodPatch, "/admin/property", map[string]string{"transfer_details": "Alias: cabanas.del.test"}, http.StatusOK, nil)
	h := g.holds(o.week(t, 2), 2)
	g.presses(g.isOffered("transfer_" + h.Code))
	g.hears("where to transfer to", func(m control.Message) bool { return strings.Contains(m.Text, "cabanas.del.test") })
	r := o.becomes(t, h.Code, "pre_reserved", "pending")
	imported := o.posts("/admin/movements", "movement-1", map[string]any{"amount": pesos(r.Deposit), "reference": zulemaBank, "credited_at": time.Now().UTC()}, http.StatusCreated)
	require.Contains(t, string(imported.body), `"matched"`)
	o.becomes(t, h.Code, "confirmed", "partially_paid")
	g.isTold(h.Code, "confirmed")
	return h.Code
}

// booksWithMail books by REST with another spelling of the phone, pays, cancels, is refunded, and pays once more.
func booksWithMail(t *testing.T, o *office, relay *emailtest.Relay) string {
	when := o.week(t, 2)
	h := o.books(t, wish{AccommodationID: 1, CheckIn: when.checkIn(), CheckOut: when.checkOut(), Guests: 2, ContactName: zulemaName,
		ContactPhone: "+54 9 294 498-7654", ContactEmail: zulemaEmail})
	preference := o.preference(t, h.Code)
	paid, err := o.world.Pay(patient(t), paymentOf(preference))
	require.NoError(t, err)
	o.becomes(t, h.Code, "confirmed", "partially_paid")
	o.reaches(t, 1, `SELECT count(*) FROM mails WHERE code = $1 AND NOT to_owner AND status = 'sent'`, h.Code)
	a := o.must(t, http.MethodPost, "/api/v1/reservations/"+h.Code+"/cancel", nil, "X-Reservation-Token", h.Token)
	require.Equal(t, http.StatusOK, a.status, "%s", a.body)
	_, err = o.world.WaitRefund(patient(t), paid.ID)
	require.NoError(t, err)
	again := paymentOf(preference)
	again.Late = true
	late, err := o.world.Pay(patient(t), again)
	require.NoError(t, err)
	_, err = o.world.WaitRefund(patient(t), late.ID)
	require.NoError(t, err)
	o.reaches(t, 2, `SELECT count(*) FROM refunds f JOIN payments p ON p.id = f.payment_id JOIN reservations r ON r.id = p.reservation_id
		WHERE r.code = $1 AND f.status = 'done'`, h.Code)
	require.NotEmpty(t, relay.Mails())
	return h.Code
}

// neighboursFail takes WhatsApp and the database away while she writes: errors are where data leak.
func neighboursFail(t *testing.T, s *stack, g *talker) {
	require.NoError(t, s.world.SetWhatsAppFaults(patient(t), control.WhatsAppFaults{CallFaults: outage()}))
	send(t, s, g, "Zulema otra vez: "+zulemaSays)
	s.reaches(t, 1, `SELECT count(*) FROM messages WHERE direction = 'out' AND attempts >= 2`)
	s.heal(t)
	g.hearsAnything()
	require.NoError(t, s.world.SetWhatsAppFaults(patient(t), control.WhatsAppFaults{FailStatusNext: &control.FailNext{Count: 1, Code: 131050}}))
	send(t, s, g, "y otra: "+zulemaSays)
	s.reaches(t, 1, `SELECT count(*) FROM messages WHERE direction = 'out' AND status = 'failed'`)
	before := s.signal(t, "postgres", syscall.SIGKILL)
	send(t, s, g, "se cortó: "+zulemaSays)
	when := s.week(t, 2)
	_, _ = s.call(patient(t), http.MethodPost, "/api/v1/reservations", asJSON(t, wish{AccommodationID: 1, CheckIn: when.checkIn(), CheckOut: when.checkOut(), Guests: 2,
		ContactName: zulemaName, ContactPhone: "+" + zulemaNumber, ContactEmail: zulemaEmail}))
	s.restarted(t, "postgres", before)
	s.answersAll(t, g.Number)
}

// isErased exports and erases her by the commands, once what stands in the way is over.
func isErased(t *testing.T, o *office, codes []string) {
	exported, err := command(t, o.stack, "export", "guest", "--phone", "+54 9 294 498-7654")
	require.NoError(t, err, "%s", exported)
	for _, text := range []string{zulemaName, zulemaEmail, zulemaSays, zulemaTold, zulemaBank, staffNote, staffAnswer} {
		require.Contains(t, string(exported), text, "the export is complete")
	}
	refused, err := command(t, o.stack, "erase", "guest", "--code", codes[0])
	require.Error(t, err)
	require.Contains(t, string(refused), codes[0]+" is confirmed")
	id := o.number(t, `SELECT guest_id FROM reservations WHERE code = $1`, codes[0])
	o.ask(http.MethodPost, fmt.Sprintf("/admin/guests/%d/erase", id), map[string]any{}, http.StatusConflict, nil)
	rows, err := o.db.Query(patient(t), `SELECT code FROM reservations WHERE guest_id = $1 AND is_live(reservation_status)`, id)
	require.NoError(t, err)
	var live []string
	for rows.Next() {
		var code string
		require.NoError(t, rows.Scan(&code))
		live = append(live, code)
	}
	rows.Close()
	for _, code := range live {
		o.posts("/admin/reservations/"+code+"/cancel", "end-"+code, map[string]string{"refund": "none"}, http.StatusOK)
		o.bookingRuns(t, code, false)
	}
	o.settled(t)
	trial, err := command(t, o.stack, "erase", "guest", "--email", zulemaEmail, "--dry-run")
	require.NoError(t, err, "%s", trial)
	require.Contains(t, string(trial), "would be erased")
	done, err := command(t, o.stack, "erase", "guest", "--email", zulemaEmail)
	require.NoError(t, err, "%s", done)
	require.Contains(t, string(done), fmt.Sprintf("guest %d erased", id))
	var again struct {
		Rows map[string]int64 `json:"rows"`
	}
	o.ask(http.MethodPost, fmt.Sprintf("/admin/guests/%d/erase", id), map[string]any{}, http.StatusOK, &again)
	require.Empty(t, again.Rows, "a second time finds nothing")
	require.EqualValues(t, 3, o.number(t, `SELECT count(*) FROM reservations WHERE guest_id = $1 AND code = ANY($2)`, id, codes), "nights and money stay")
	o.settled(t)
}

// writesAgain: who was erased is somebody new.
func writesAgain(t *testing.T, s *stack, g *talker) {
	send(t, s, g, "hola")
	s.reaches(t, 1, `SELECT count(*) FROM turns t JOIN guests g ON g.id = t.guest_id WHERE g.phone = $1 AND g.erased_at IS NULL`, canonical(g.Number))
	require.EqualValues(t, 1, s.number(t, `SELECT count(*) FROM guests WHERE erased_at IS NOT NULL`))
}

// send writes as she does; what is private of it is searched for apart.
func send(t *testing.T, s *stack, g *talker, text string) {
	t.Helper()
	_, err := s.world.Say(patient(t), g.Number, text)
	require.NoError(t, err)
}

// command runs the product on the database of a running system and returns what it printed.
func command(t *testing.T, s *stack, args ...string) ([]byte, error) {
	t.Helper()
	path, err := program()
	require.NoError(t, err)
	run := exec.CommandContext(patient(t), path, args...)
	run.Env = append(environment(), "DATABASE_URL="+s.info.DatabaseURL, "LATE_PAYMENT_GRACE=1s")
	var out bytes.Buffer
	run.Stdout, run.Stderr = &out, &out
	err = run.Run()
	return out.Bytes(), err
}
