package dialogue_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"cabanas/booking"
	"cabanas/dialogue"
)

var scraps = []string{
	"hola", "del 10 al 15 de enero", "somos 4", "sí", "dale", "no", "la primera", "la segunda", "mis reservas", "cancelar", "cómo pago?", "ya pagué",
	"este finde", "mañana", "0 personas", "99 personas", "del 15 al 10 de enero", "10/01/2020 al 15/01/2020", "quiero reservar", "necesito mas tiempo",
	"hablar con una persona", "tienen wifi?", "dónde queda?", "fotos", "cuánto sale?", "hasta el 20", "3 noches", "👍", "🤔🤔", "quiero cambiar las fechas",
	"gracias", "chau", heldCode, "asdf", "{cabin}", "%s %d", "del 1/1/2199 al 31/12/2199", "oi, quero reservar", "hello, do you have anything?", "un año",
	"la última", "ver más", "y la otra?", "algo más barato", "una más grande", "BAJA", "ALTA", "es una estafa?", "me robaron", "una semana en enero", "en febrero?",
	"la semana que viene", "lo pienso", "sos un bot?", "seguir con el bot", "pagué de más", "jajaja", "eso es", "y si cancelo?", "qué podés hacer?",
	"puedo pagar en efectivo?", "aceptan perros?", "mejor del 12 al 14", "la segunda", "cómo reservo?", "estás ahí?", "viernes 10 de enero", "el 10 o el 12 de enero", "del 10 al 15 de enero o del 12 al 17",
}

func drawText(t *rapid.T) string {
	return rapid.OneOf(
		rapid.SampledFrom(scraps),
		rapid.Map(rapid.SliceOfN(rapid.SampledFrom(scraps), 1, 5), func(s []string) string { return strings.Join(s, " ") }),
		rapid.String(),
		rapid.StringMatching(`[0-9]{1,5}([-/. ][0-9]{1,5}){0,4}( (al|a|y|personas|noches|de enero|hs))?`),
		rapid.Just(strings.Repeat("del 10 al 15 ñandú 🦤 ", 5000)),
		rapid.Just(strings.Repeat("9", 3000)),
	).Draw(t, "text")
}

func drawName(t *rapid.T) string {
	return rapid.OneOf(
		rapid.SampledFrom([]string{"Cabaña Arrayán", "Cabaña 1", "Cabaña 2", "Loft", "", "  ", "*_~`", "🏡🏡 El Refugio 🏡", "Lo de Ñoño\ny Chiche"}),
		rapid.StringN(0, 100, -1),
		rapid.Just(strings.Repeat("Ñandú ", 17)),
	).Draw(t, "name")
}

func drawMoney(t *rapid.T) booking.Money {
	return booking.Centavos(rapid.Int64Range(0, 9_999_999_999).Draw(t, "centavos"))
}

func drawBusiness(t *rapid.T, bench testing.TB) *business {
	b := newBusiness(bench)
	b.now = b.now.Add(time.Duration(rapid.IntRange(0, 500*24*60).Draw(t, "minutes")) * time.Minute)
	b.property.Name = drawName(t)
	b.property.DepositPercent = rapid.IntRange(1, 100).Draw(t, "percent")
	b.property.Cancellation.Steps = rapid.SliceOfN(rapid.Custom(func(t *rapid.T) booking.CancellationStep {
		return booking.CancellationStep{DaysBefore: rapid.IntRange(0, 60).Draw(t, "days"), RefundPercent: rapid.IntRange(0, 100).Draw(t, "refund")}
	}), 0, 8).Draw(t, "steps")
	b.places = nil
	for id := range rapid.IntRange(0, 30).Draw(t, "cabins") {
		b.places = append(b.places, booking.Accommodation{
			ID: int64(id + 1), Name: drawName(t), Capacity: rapid.IntRange(1, 12).Draw(t, "capacity"), Active: rapid.IntRange(0, 9).Draw(t, "active") > 0,
			Rate: booking.Rate{Base: drawMoney(t), WeekendPercent: rapid.IntRange(100, 200).Draw(t, "weekend"), CleaningFee: drawMoney(t),
				GuestsIncluded: rapid.IntRange(0, 4).Draw(t, "included"), ExtraGuest: drawMoney(t), MinNights: rapid.IntRange(1, 5).Draw(t, "minimum"),
				LengthDiscounts: []booking.LengthDiscount{{Nights: 7, Percent: 10}}},
			Description: rapid.SampledFrom([]string{"", "corta", strings.Repeat("larga 🏞 ", 300)}).Draw(t, "description"),
			Amenities:   rapid.SliceOfN(rapid.SampledFrom([]string{"wifi", "pileta", strings.Repeat("x", 90)}), 0, 30).Draw(t, "amenities"),
			Location:    booking.Location{Address: strings.Repeat("calle ", rapid.IntRange(0, 60).Draw(t, "address")), City: drawName(t)},
			Photos:      rapid.SampledFrom([][]booking.Photo{nil, {{URL: "https://img.example/1.jpg"}, {URL: "x"}, {URL: "https://img.example/2.jpg"}}}).Draw(t, "photos"),
		})
		if rapid.Bool().Draw(t, "busy") {
			in := b.today().AddDays(rapid.IntRange(-3, 60).Draw(t, "busy from"))
			b.busy = append(b.busy, booking.Busy{AccommodationID: int64(id + 1), Stay: booking.Stay{CheckIn: in, CheckOut: in.AddDays(rapid.IntRange(1, 40).Draw(t, "busy nights"))}})
		}
	}
	for range rapid.IntRange(0, 10).Draw(t, "bookings") {
		b.bookings = append(b.bookings, drawBooking(t, b))
	}
	return b
}

func drawBooking(t *rapid.T, b *business) dialogue.BookingView {
	in := b.today().AddDays(rapid.IntRange(-100, 400).Draw(t, "in"))
	return dialogue.BookingView{
		Code: rapid.OneOf(rapid.Just(heldCode), rapid.Custom(drawCode)).Draw(t, "booking"), AccommodationID: rapid.Int64Range(1, 5).Draw(t, "unit"),
		UnitName: drawName(t), Stay: booking.Stay{CheckIn: in, CheckOut: in.AddDays(rapid.IntRange(1, 60).Draw(t, "nights"))},
		Guests: rapid.IntRange(1, 12).Draw(t, "guests"), Status: rapid.SampledFrom(booking.Statuses).Draw(t, "status"),
		Total: drawMoney(t), Deposit: drawMoney(t), Paid: drawMoney(t), RefundIfCancelled: drawMoney(t), ExpiresAt: b.now.Add(time.Minute),
		ExtendedOnce: rapid.Bool().Draw(t, "extended"), PaymentURL: rapid.SampledFrom([]string{"", "https://pay.example/x"}).Draw(t, "url"),
	}
}

func drawState(t *rapid.T) dialogue.State {
	s := dialogue.State{
		V: rapid.IntRange(0, 3).Draw(t, "version"), Language: rapid.SampledFrom([]string{"", "es", "pt", "en", "xx"}).Draw(t, "language"),
		Greeted: rapid.Bool().Draw(t, "greeted"), Guests: rapid.IntRange(0, 14).Draw(t, "state guests"), Nights: rapid.IntRange(0, 80).Draw(t, "state nights"),
		AccommodationID: rapid.Int64Range(0, 31).Draw(t, "state cabin"), Quoted: rapid.Int64Range(0, 3).Draw(t, "quoted"),
		Awaiting: rapid.SampledFrom([]string{"", "dates", "check_out", "guests", "choice", "confirm", "confirm", "cancel", "person", "heard", "opt_out", "new_dates", "unknown"}).Draw(t, "awaiting"),
		Code:     rapid.SampledFrom([]string{"", heldCode, "junk"}).Draw(t, "state code"), Failures: rapid.IntRange(0, 3).Draw(t, "failures"),
		HandedOver: rapid.IntRange(0, 9).Draw(t, "handed") == 0, OptedOut: rapid.IntRange(0, 9).Draw(t, "out") == 0,
		PaidSaid: rapid.Bool().Draw(t, "paid said"), Reassured: rapid.Bool().Draw(t, "reassured"), LoopOffered: rapid.Bool().Draw(t, "loop"),
		Heard:     rapid.SampledFrom([]string{"", "del 10 al 15 de enero", "sí", "asdf"}).Draw(t, "heard"),
		Replaces:  rapid.SampledFrom([]string{"", heldCode, "junk"}).Draw(t, "replaces"),
		ShownFrom: rapid.IntRange(0, 40).Draw(t, "shown from"), SpokeAt: rapid.Int64Range(0, 2_000_000_000).Draw(t, "spoke at"),
		Asked: rapid.SampledFrom([][]uint32{nil, {1, 2, 3}}).Draw(t, "asked"),
	}
	if rapid.Bool().Draw(t, "dated") {
		s.CheckIn = booking.MustDate("2026-11-20").AddDays(rapid.IntRange(-10, 700).Draw(t, "state in"))
		if rapid.Bool().Draw(t, "whole") {
			s.CheckOut = s.CheckIn.AddDays(rapid.IntRange(-3, 70).Draw(t, "state nights"))
		}
	}
	return s
}

func drawInbound(t *rapid.T, offered []string) dialogue.Inbound {
	in := dialogue.Inbound{ProfileName: drawName(t), FromOwner: rapid.IntRange(0, 9).Draw(t, "owner") == 0, Kind: rapid.SampledFrom([]dialogue.InboundKind{
		dialogue.InboundText, dialogue.InboundText, dialogue.InboundText, dialogue.InboundChoice, dialogue.InboundChoice, dialogue.InboundAudio,
		dialogue.InboundAudio, dialogue.InboundPicture, dialogue.InboundDocument, dialogue.InboundLocation, dialogue.InboundUnsupported, dialogue.InboundSilent, "",
	}).Draw(t, "kind")}
	switch in.Kind {
	case dialogue.InboundText, dialogue.InboundPicture, dialogue.InboundDocument:
		in.Text = drawText(t)
		if rapid.IntRange(0, 3).Draw(t, "proposed") == 0 {
			in.Proposal = drawProposal(t)
		}
		if in.Kind != dialogue.InboundText {
			in.Media = &dialogue.Media{ID: "1", Filename: rapid.SampledFrom([]string{"", "comprobante_mp.pdf", "x.jpg"}).Draw(t, "file")}
		}
	case dialogue.InboundAudio:
		if rapid.IntRange(0, 5).Draw(t, "listens") > 0 {
			in.Voice = &dialogue.Voice{Text: drawText(t), Outcome: rapid.SampledFrom([]dialogue.VoiceOutcome{dialogue.VoiceHeard, dialogue.VoiceHeard,
				dialogue.VoiceUnclear, dialogue.VoiceSilent, dialogue.VoiceTooLong, dialogue.VoiceFailed, ""}).Draw(t, "outcome")}
		}
	case dialogue.InboundChoice:
		ids := []*rapid.Generator[string]{rapid.Map(rapid.Custom(drawPress), dialogue.Press.ID), rapid.String()}
		if len(offered) > 0 {
			ids = append(ids, rapid.SampledFrom(offered), rapid.SampledFrom(offered))
		}
		in.ChoiceID = rapid.OneOf(ids...).Draw(t, "choice")
	}
	return in
}

func drawProposal(t *rapid.T) *dialogue.Understanding {
	u := dialogue.Understanding{
		Intent: dialogue.Intent(rapid.SampledFrom([]string{"affirm", "cancel", "pay", "book", "price", "provide_info", "other", "human", "junk"}).Draw(t, "intent")),
		Guests: rapid.IntRange(-3, 60).Draw(t, "proposed guests"), Nights: rapid.IntRange(-3, 99).Draw(t, "proposed nights"),
		Language: rapid.SampledFrom([]string{"", "es", "fr"}).Draw(t, "proposed language"),
	}
	if rapid.Bool().Draw(t, "proposed dates") {
		u.CheckIn = drawDate(t)
		u.CheckOut = u.CheckIn.AddDays(rapid.IntRange(-5, 90).Draw(t, "proposed stay"))
	}
	return &u
}

func TestEveryTurnIsSoundWhateverIsSaid(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		b, state := drawBusiness(rt, t), drawState(rt)
		var offered []string
		for range rapid.IntRange(1, 6).Draw(rt, "turns") {
			in := drawInbound(rt, offered)
			before := state
			outcome, err := dialogue.Take(before, in, b)
			require.NoError(rt, err)
			again, err := dialogue.Take(before, in, b)
			require.NoError(rt, err)
			require.Equal(rt, outcome, again, "the same input gives the same turn")
			checkTurn(rt, b, before, in, outcome)
			state, offered = survivingJSON(rt, outcome.State), nil
			for _, reply := range outcome.Replies {
				for _, choice := range reply.Choices {
					offered = append(offered, choice.ID)
				}
			}
			for _, effect := range outcome.Effects {
				state = checkResolve(rt, b, state, effect)
			}
		}
	})
}

func checkTurn(t *rapid.T, b *business, before dialogue.State, in dialogue.Inbound, outcome dialogue.Outcome) {
	for _, reply := range outcome.Replies {
		require.NoError(t, withinLimits(reply))
		checkOffersArePriced(t, b, reply)
	}
	handsBack := slices.ContainsFunc(outcome.Effects, func(e dialogue.Effect) bool { return e.Kind == dialogue.EffectHandBack })
	if before.HandedOver && !handsBack || in.Kind == dialogue.InboundSilent {
		require.Empty(t, outcome.Replies)
		require.Empty(t, outcome.Effects)
		require.Equal(t, before, outcome.State)
		return
	}
	require.NotEmpty(t, len(outcome.Replies)+len(outcome.Effects), "the bot fell silent")
	for _, effect := range outcome.Effects {
		if effect.Kind != dialogue.EffectHold {
			continue
		}
		byButton := in.Kind == dialogue.InboundChoice && strings.HasPrefix(in.ChoiceID, "hold_")
		byWord := in.Kind == dialogue.InboundText && before.Awaiting == "confirm" && outcome.Understood.Intent == dialogue.IntentAffirm
		require.True(t, byButton || byWord, "a hold without an explicit yes")
		offer, _, err := b.Offer(effect.AccommodationID, effect.Stay, effect.Guests)
		require.NoError(t, err, "a hold of what is not free")
		require.Positive(t, offer.Quote.Total.Centavos)
	}
}

// checkOffersArePriced requires that whatever can be chosen says what it costs.
func checkOffersArePriced(t *rapid.T, b *business, reply dialogue.Reply) {
	for _, choice := range reply.Choices {
		p, _ := dialogue.ParsePress(choice.ID)
		switch p.Action {
		case dialogue.ActionAccommodation:
			require.Regexp(t, `(?i)total (AR)?\$ [0-9.,]*[1-9]`, plain(choice.Description))
		case dialogue.ActionHold:
			if p.Centavos > 0 {
				require.Contains(t, figures(reply.Body), figures(booking.Centavos(p.Centavos).String()))
			}
		}
	}
}

// figures drops what languages write differently in an amount.
func figures(text string) string {
	return strings.NewReplacer("AR$", "$", "\u00a0", "", " ", "", ".", "", ",", "").Replace(text)
}

func survivingJSON(t *rapid.T, state dialogue.State) dialogue.State {
	stored, err := json.Marshal(state)
	require.NoError(t, err)
	var read dialogue.State
	require.NoError(t, json.Unmarshal(stored, &read))
	require.Equal(t, state, read)
	return read
}

func checkResolve(t *rapid.T, b *business, state dialogue.State, effect dialogue.Effect) dialogue.State {
	result := dialogue.Result{Refusal: rapid.SampledFrom([]booking.Code{"", "", booking.CodeDatesTaken, booking.CodeWrongState, booking.CodeAlreadyExtended,
		booking.CodeNotFound, booking.CodeInactive, booking.CodeTooManyHolds, booking.CodeUnavailable, booking.CodeInternal, booking.CodeInThePast,
		booking.CodeTooShort, booking.CodeTooManyGuests, "unheard_of"}).Draw(t, "refusal"), Booking: drawBooking(t, b), Refund: drawMoney(t)}
	for range rapid.IntRange(0, 8).Draw(t, "alternatives") {
		result.Alternatives = append(result.Alternatives, booking.Alternative{AccommodationID: rapid.Int64Range(0, 40).Draw(t, "other"),
			Stay: effect.Stay.Shift(rapid.IntRange(-9, 9).Draw(t, "shift")), Total: drawMoney(t)})
	}
	outcome, err := dialogue.Resolve(state, effect, result, b)
	require.NoError(t, err)
	require.Empty(t, outcome.Effects)
	for _, reply := range outcome.Replies {
		require.NoError(t, withinLimits(reply))
		checkOffersArePriced(t, b, reply)
	}
	quiet := []dialogue.EffectKind{dialogue.EffectHandOver, dialogue.EffectHold, dialogue.EffectCancel, dialogue.EffectExtend,
		dialogue.EffectHandBack, dialogue.EffectReceipt, dialogue.EffectOptOut}
	switch {
	case result.Refusal == "" && slices.Contains(quiet, effect.Kind) || effect.Kind == dialogue.EffectHandOver:
		if state.Replaces == "" {
			require.Empty(t, outcome.Replies)
		}
	default:
		require.NotEmpty(t, outcome.Replies)
	}
	return outcome.State
}

func TestEveryNoticeIsWithinLimits(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		b := drawBusiness(rt, t)
		n := dialogue.Notice{
			Kind: rapid.SampledFrom(append([]string{"", "owner_x", "owner_hand_over"}, noticeKinds...)).Draw(rt, "notice"), Language: rapid.SampledFrom([]string{"", "es", "pt", "en"}).Draw(rt, "language"),
			Booking: drawBooking(rt, b), GuestName: drawName(rt), GuestPhone: rapid.String().Draw(rt, "phone"), Amount: drawMoney(rt),
			Verdict:     rapid.SampledFrom([]booking.Verdict{"", booking.VerdictShort, booking.VerdictLate, booking.VerdictPark}).Draw(rt, "verdict"),
			Location:    booking.Location{Address: drawName(rt), City: drawName(rt), Province: drawName(rt)},
			CheckInText: rapid.OneOf(rapid.String(), rapid.Just(strings.Repeat("clave 🔑\n", 800))).Draw(rt, "how"), Property: b.property, Now: b.now,
			GuestID: rapid.Int64Range(0, 3).Draw(rt, "guest"), Conversation: drawState(rt), LastText: drawText(rt), CabinName: drawName(rt),
			Reason:  rapid.SampledFrom([]dialogue.HandOverReason{"", dialogue.ReasonAsked, dialogue.ReasonLost, dialogue.ReasonUpset, dialogue.ReasonLoop}).Draw(rt, "reason"),
			Problem: rapid.SampledFrom([]string{"", "recipient", "template", "window_closed", "account"}).Draw(rt, "problem"),
		}
		r := dialogue.Compose(n)
		require.NoError(rt, withinLimits(r))
		require.NotNil(rt, r.Template)
	})
}

func TestEveryReturnIsSound(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		b := drawBusiness(rt, t)
		outcome, err := dialogue.Return(drawState(rt), b)
		require.NoError(rt, err)
		require.NotEmpty(rt, outcome.Replies)
		require.Empty(rt, outcome.Effects)
		require.False(rt, outcome.State.HandedOver)
		for _, reply := range outcome.Replies {
			require.NoError(rt, withinLimits(reply))
			checkOffersArePriced(rt, b, reply)
		}
	})
}
