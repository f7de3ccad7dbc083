package dialogue_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"cabanas/booking"
	"cabanas/dialogue"
)

func TestTermsFollowTheLadder(t *testing.T) {
	t.Parallel()
	custom := func(steps ...booking.CancellationStep) booking.CancellationPolicy {
		policy, err := booking.NewCancellationPolicy(booking.PolicyCustom, steps)
		require.NoError(t, err)
		return policy
	}
	tests := map[string]struct {
		policy booking.CancellationPolicy
		es     string
		pt, en []string
	}{
		"flexible": {booking.FlexiblePolicy,
			"Si cancelás 2 días antes o más, te devolvemos todo. Si cancelás antes del día de llegada, te devolvemos el 50 %. Después de eso no hay devolución.",
			[]string{"Cancelando 2 dias antes ou mais, devolvemos tudo.", "50 %"}, []string{"If you cancel 2 days before or earlier, we refund everything.", "50 %"}},
		"strict": {booking.StrictPolicy,
			"Si cancelás 30 días antes o más, te devolvemos todo. Si cancelás al menos 14 días antes, te devolvemos el 50 %. Después de eso no hay devolución.",
			[]string{"30 dias", "14 dias"}, []string{"30 days", "14 days"}},
		"nothing back": {custom(), "Si cancelás, lo que pagaste no se devuelve.", []string{"não é devolvido"}, []string{"is not refunded"}},
		"nothing back by steps": {custom(booking.CancellationStep{DaysBefore: 3}), "Si cancelás, lo que pagaste no se devuelve.",
			[]string{"não é devolvido"}, []string{"is not refunded"}},
		"until the arrival": {custom(booking.CancellationStep{RefundPercent: 20}), "Si cancelás el mismo día de llegada, te devolvemos el 20 %. Si cancelamos nosotros",
			[]string{"no próprio dia da chegada"}, []string{"on the day of arrival"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			es := dialogue.CancellationTerms("es", test.policy)
			require.Contains(t, es, test.es)
			require.Contains(t, es, "La seña es parte del precio")
			require.Contains(t, es, "arts. 1059 y 1060 del Código Civil y Comercial")
			require.Contains(t, es, "Si cancelamos nosotros, te devolvemos todo.")
			for language, wants := range map[string][]string{"pt": append(test.pt, "arts. 1059 e 1060"), "en": append(test.en, "arts. 1059 and 1060")} {
				for _, want := range wants {
					require.Contains(t, dialogue.CancellationTerms(language, test.policy), want)
				}
			}
		})
	}
}

func TestNoticesOfRefunds(t *testing.T) {
	t.Parallel()
	view := dialogue.BookingView{Code: "RES260110A1B2C3", UnitName: "Arrayán", Status: booking.Cancelled, Cancellation: booking.StrictPolicy}
	say := func(kind, language string, verdict booking.Verdict) dialogue.Reply {
		return dialogue.Compose(dialogue.Notice{Kind: kind, Language: language, Booking: view, Amount: booking.Pesos(30_000), Verdict: verdict, GuestName: "Ana"})
	}
	for _, language := range []string{"es", "pt", "en"} {
		said := map[string]bool{}
		for _, kind := range []string{"refund_sent", "refund_done", "refund_refused"} {
			reply := say(kind, language, "")
			require.Contains(t, reply.Body, "30")
			require.Contains(t, reply.Body, view.Code)
			require.NotNil(t, reply.Template)
			said[reply.Body] = true
		}
		require.Len(t, said, 3)
		require.Contains(t, say("cancelled", language, booking.VerdictWait).Body, "72")
		require.NotContains(t, say("cancelled", language, "").Body, "72")
		require.Contains(t, say("hold", language, "").Body, "14", "the terms are those of the booking")
	}
	for _, kind := range []string{"owner_refund_ask", "owner_refund_due"} {
		reply := say(kind, "es", "")
		require.Equal(t, dialogue.ReplyButtons, reply.Kind)
		require.Equal(t, "refund_ok_"+view.Code, reply.Choices[0].ID)
		require.Equal(t, "refund_no_"+view.Code, reply.Choices[1].ID)
		require.Contains(t, reply.Body, "Si no respondés en")
	}
	require.Contains(t, say("owner_refund_goes", "es", "").Body, "72 horas")
	require.Contains(t, say("owner_cancelled", "es", booking.VerdictWait).Body, "espera tu aprobación")
	require.Contains(t, say("owner_payment_case", "es", "refund_stuck").Body, "Qué hacer")
}

func TestOnlyTheOwnerDecidesOnRefunds(t *testing.T) {
	t.Parallel()
	code := "RES260110A1B2C3"
	for id, kind := range map[string]dialogue.EffectKind{"refund_ok_" + code: dialogue.EffectRefundOK, "refund_no_" + code: dialogue.EffectRefundNo} {
		facts := newBusiness(t)
		outcome, err := dialogue.Take(dialogue.State{}, dialogue.Inbound{Kind: dialogue.InboundChoice, ChoiceID: id, FromOwner: true}, facts)
		require.NoError(t, err)
		require.Equal(t, []dialogue.Effect{{Kind: kind, Code: code}}, outcome.Effects)
		outcome, err = dialogue.Take(dialogue.State{}, dialogue.Inbound{Kind: dialogue.InboundChoice, ChoiceID: id}, facts)
		require.NoError(t, err)
		require.Empty(t, outcome.Effects, "a guest who has such a button decides nothing")
		for refusal, want := range map[booking.Code]string{"": code, booking.CodeWrongState: "ya estaba decidida"} {
			told, err := dialogue.Resolve(dialogue.State{}, dialogue.Effect{Kind: kind, Code: code}, dialogue.Result{Refusal: refusal}, facts)
			require.NoError(t, err)
			require.Contains(t, told.Replies[0].Body, want)
		}
	}
}
