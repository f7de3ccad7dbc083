package dialogue

// refundTexts is what the bot says in one language of terms and of money on its way back.
type refundTexts struct {
	// A cancellation ladder in words: one line per step, then what follows it, then the law of the deposit.
	StepFull, StepPart, StepLastDay, StepArrival, LadderEnd, LadderNone, ByUs string
	// A cancellation whose refund waits for the owner.
	CancelledReview string
	// A refund on its way, credited, and refused by the owner.
	Sent, Done, Refused string
}

func refundTextsOf(language string) *refundTexts {
	switch language {
	case "pt":
		return &portugueseRefunds
	case "en":
		return &englishRefunds
	}
	return &spanishRefunds
}

var spanishRefunds = refundTexts{
	StepFull:    "Si cancelás {days} días antes o más, te devolvemos todo.",
	StepPart:    "Si cancelás al menos {days} días antes, te devolvemos el {percent} %.",
	StepLastDay: "Si cancelás antes del día de llegada, te devolvemos el {percent} %.",
	StepArrival: "Si cancelás el mismo día de llegada, te devolvemos el {percent} %.",
	LadderEnd:   "Después de eso no hay devolución.",
	LadderNone:  "Si cancelás, lo que pagaste no se devuelve.",
	ByUs:        "Si cancelamos nosotros, te devolvemos todo.",
	CancelledReview: "La reserva {code} de *{cabin}* (del {in} al {out}) quedó cancelada. Te corresponde una devolución de {amount}: " +
		"la está revisando el dueño y sale a más tardar en 72 horas, salvo que te avisemos otra cosa.",
	Sent:    "La devolución de {amount} de la reserva {code} está en camino por Mercado Pago. Te aviso cuando se acredite.",
	Done:    "Mercado Pago acreditó la devolución de {amount} de la reserva {code}. Si pagaste con tarjeta, la ves en tu próximo resumen.",
	Refused: "El dueño no aprobó la devolución de {amount} de la reserva {code}. Si no estás de acuerdo, pedime hablar con una persona.",
}

var portugueseRefunds = refundTexts{
	StepFull:    "Cancelando {days} dias antes ou mais, devolvemos tudo.",
	StepPart:    "Cancelando pelo menos {days} dias antes, devolvemos {percent} %.",
	StepLastDay: "Cancelando antes do dia da chegada, devolvemos {percent} %.",
	StepArrival: "Cancelando no próprio dia da chegada, devolvemos {percent} %.",
	LadderEnd:   "Depois disso não há devolução.",
	LadderNone:  "Se cancelar, o que pagou não é devolvido.",
	ByUs:        "Se nós cancelarmos, devolvemos tudo.",
	CancelledReview: "A reserva {code} de *{cabin}* (de {in} a {out}) foi cancelada. Você tem direito a uma devolução de {amount}: " +
		"o proprietário está revisando e ela sai em até 72 horas, a não ser que avisemos outra coisa.",
	Sent:    "A devolução de {amount} da reserva {code} está a caminho pelo Mercado Pago. Aviso quando for creditada.",
	Done:    "O Mercado Pago creditou a devolução de {amount} da reserva {code}. Se você pagou com cartão, aparece na próxima fatura.",
	Refused: "O proprietário não aprovou a devolução de {amount} da reserva {code}. Se não concordar, peça para falar com uma pessoa.",
}

var englishRefunds = refundTexts{
	StepFull:    "If you cancel {days} days before or earlier, we refund everything.",
	StepPart:    "If you cancel at least {days} days before, we refund {percent} %.",
	StepLastDay: "If you cancel before the day of arrival, we refund {percent} %.",
	StepArrival: "If you cancel on the day of arrival, we refund {percent} %.",
	LadderEnd:   "After that there is no refund.",
	LadderNone:  "If you cancel, what you paid is not refunded.",
	ByUs:        "If we cancel, we refund everything.",
	CancelledReview: "Booking {code} of *{cabin}* (from {in} to {out}) is cancelled. You are due a refund of {amount}: " +
		"the owner is looking at it and it goes out within 72 hours, unless we tell you otherwise.",
	Sent:    "The refund of {amount} for booking {code} is on its way by Mercado Pago. I will tell you when it is credited.",
	Done:    "Mercado Pago credited the refund of {amount} for booking {code}. If you paid by card, you see it on your next statement.",
	Refused: "The owner did not approve the refund of {amount} for booking {code}. If you disagree, ask me for a person.",
}

// toOwnerRefund is what the owner is told of refunds.
var toOwnerRefund = struct {
	CancelledAsk, Ask, AskPanel, Due, Goes, Stuck string
	ButtonOK, ButtonNo                            string
	Approved, Kept, TooLate                       string
}{
	CancelledAsk: "Reserva cancelada\n{code} · {cabin}\nDel {in} al {out}\nHuésped: {guest} ({phone})\nLe corresponde una devolución de {amount}, que espera tu aprobación.",
	Ask:          "¿Apruebo la devolución de {amount} por la reserva {code}?\n{cabin}, del {in} al {out} · {guest} ({phone})\nEs lo que dice la política con la que reservó. Si no respondés en 72 horas, se devuelve.",
	AskPanel:     "Aprobala o rechazala en el panel.",
	Due:          "Sigue esperando tu respuesta la devolución de {amount} por la reserva {code} ({guest}). Si no respondés en 48 horas, se devuelve.",
	Goes:         "Pasaron 72 horas sin respuesta: se aprobó la devolución de {amount} por la reserva {code} ({guest}).",
	Stuck: "No se pudieron devolver {amount} por Mercado Pago ⚠️\n{code} · {cabin} ({status})\nDel {in} al {out}\nHuésped: {guest} ({phone})\n" +
		"Qué hacer: fijate si el pago está en disputa o ya se devolvió; si no, devolvele por transferencia o en efectivo y avisale.",
	ButtonOK: "Aprobar", ButtonNo: "No devolver",
	Approved: "Listo, sale la devolución de la reserva {code} ✅",
	Kept:     "Listo, no se devuelve. Le aviso al huésped de la reserva {code}.",
	TooLate:  "La devolución de la reserva {code} ya estaba decidida: no cambié nada.",
}
