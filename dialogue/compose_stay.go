package dialogue

import "cabanas/booking"

// noticeStayChanged is the notice of a booking that staff moved, the same word as workflows.NoticeKind.
const noticeStayChanged = "stay_changed"

// stayTexts is what a guest is told of another stay, in one language: while it is held, and once it is confirmed.
type stayTexts struct{ Held, Confirmed string }

func stayTextsOf(language string) stayTexts {
	switch language {
	case "pt":
		return stayTexts{
			Held:      "Mudamos a sua reserva {code}: agora é *{cabin}*, de {in} a {out} · {nights} · {guests}.\nO total é {total} e o sinal {deposit}, até {deadline}.",
			Confirmed: "Mudamos a sua reserva {code}, que segue confirmada ✅\n*{cabin}*\nDe {in} a {out} · {nights} · {guests}\nVocê pagou {paid} de um total de {total}.",
		}
	case "en":
		return stayTexts{
			Held:      "We changed your booking {code}: it is now *{cabin}*, from {in} to {out} · {nights} · {guests}.\nThe total is {total} and the deposit {deposit}, until {deadline}.",
			Confirmed: "We changed your booking {code}, which stays confirmed ✅\n*{cabin}*\nFrom {in} to {out} · {nights} · {guests}\nYou paid {paid} of a total of {total}.",
		}
	}
	return stayTexts{
		Held:      "Cambiamos tu reserva {code}: ahora es *{cabin}*, del {in} al {out} · {nights} · {guests}.\nEl total es {total} y la seña {deposit}, hasta {deadline}.",
		Confirmed: "Cambiamos tu reserva {code}, que sigue confirmada ✅\n*{cabin}*\nDel {in} al {out} · {nights} · {guests}\nPagaste {paid} de un total de {total}.",
	}
}

// toGuestStay words the notice of another stay; false for any other.
func (c composer) toGuestStay() (Reply, bool) {
	if c.notice.Kind != noticeStayChanged {
		return Reply{}, false
	}
	t := stayTextsOf(c.texts.Code)
	if c.notice.Booking.Status == booking.PreReserved || c.notice.Booking.Status == "" {
		return c.payReply(t.Held, c.sentence("payment_update", t.Held)), true
	}
	return c.confirmed(t.Confirmed), true
}
