package dialogue

// mailTexts is what only mails say: all else is what WhatsApp says.
type mailTexts struct {
	// Subjects are by kind of notice; Other is of any kind without one.
	Subjects map[string]string
	Other    string
	// Automatic ends each mail and says why it came; WriteUs is followed by an address, NoMore says how to get no more reminders there.
	Automatic, WriteUs, NoMore string
}

func mailTextsOf(language string) *mailTexts {
	switch language {
	case "pt":
		return &portugueseMail
	case "en":
		return &englishMail
	}
	return &spanishMail
}

var spanishMail = mailTexts{
	Subjects: map[string]string{
		noticeConfirmed: "Tu reserva {code} está confirmada", noticeStayChanged: "Tu reserva {code} cambió", noticeLateConfirmed: "Tu reserva {code} está confirmada",
		noticeHalfTime: "Falta la seña de tu reserva {code}", noticeExpired: "Tu reserva {code} venció",
		noticeCancelled: "Tu reserva {code} quedó cancelada", noticeArrival: "Te esperamos: reserva {code}",
		noticeBalanceLink: "El saldo de tu reserva {code}", noticeBalanceReminder: "El saldo de tu reserva {code}",
		noticeAlternative: "Otras fechas para tu reserva {code}", noticeTransferReminder: "Falta la transferencia de tu reserva {code}",
		noticeShort:      "Falta una parte del pago de tu reserva {code}",
		noticeReceipt:    "Recibo {number} de tu reserva {code}",
		noticeLateRefund: "Devolución de tu reserva {code}", noticeRefundSent: "Devolución de tu reserva {code}", noticeRefundDone: "Devolución de tu reserva {code}",
	},
	Other:     "Novedades de tu reserva {code}",
	Automatic: "Este correo es automático: te llega porque dejaste esta dirección al reservar.",
	NoMore:    "Si no querés más recordatorios, escribinos BAJA ahí mismo.",
	WriteUs:   "Si querés decirnos algo, escribinos por WhatsApp:",
}

var portugueseMail = mailTexts{
	Subjects: map[string]string{
		noticeConfirmed: "Sua reserva {code} está confirmada", noticeStayChanged: "Sua reserva {code} mudou", noticeLateConfirmed: "Sua reserva {code} está confirmada",
		noticeHalfTime: "Falta o sinal da sua reserva {code}", noticeExpired: "Sua reserva {code} venceu",
		noticeCancelled: "Sua reserva {code} foi cancelada", noticeArrival: "Esperamos você: reserva {code}",
		noticeBalanceLink: "O saldo da sua reserva {code}", noticeBalanceReminder: "O saldo da sua reserva {code}",
		noticeAlternative: "Outras datas para sua reserva {code}", noticeTransferReminder: "Falta a transferência da sua reserva {code}",
		noticeShort:      "Falta uma parte do pagamento da sua reserva {code}",
		noticeReceipt:    "Recibo {number} da sua reserva {code}",
		noticeLateRefund: "Devolução da sua reserva {code}", noticeRefundSent: "Devolução da sua reserva {code}", noticeRefundDone: "Devolução da sua reserva {code}",
	},
	Other:     "Novidades da sua reserva {code}",
	Automatic: "Este e-mail é automático: você o recebe porque deixou este endereço ao reservar.",
	NoMore:    "Se não quiser mais lembretes, escreva SAIR no mesmo WhatsApp.",
	WriteUs:   "Se quiser nos dizer algo, escreva pelo WhatsApp:",
}

var englishMail = mailTexts{
	Subjects: map[string]string{
		noticeConfirmed: "Your booking {code} is confirmed", noticeStayChanged: "Your booking {code} has changed", noticeLateConfirmed: "Your booking {code} is confirmed",
		noticeHalfTime: "The deposit of your booking {code} is missing", noticeExpired: "Your booking {code} has expired",
		noticeCancelled: "Your booking {code} is cancelled", noticeArrival: "See you soon: booking {code}",
		noticeBalanceLink: "The balance of your booking {code}", noticeBalanceReminder: "The balance of your booking {code}",
		noticeAlternative: "Other dates for your booking {code}", noticeTransferReminder: "The transfer for your booking {code} is missing",
		noticeShort:      "A part of the payment of your booking {code} is missing",
		noticeReceipt:    "Receipt {number} of your booking {code}",
		noticeLateRefund: "Refund of your booking {code}", noticeRefundSent: "Refund of your booking {code}", noticeRefundDone: "Refund of your booking {code}",
	},
	Other:     "News of your booking {code}",
	Automatic: "This is an automatic e-mail: you get it because you gave this address when you booked.",
	NoMore:    "If you want no more reminders, write STOP there.",
	WriteUs:   "To tell us something, write to us on WhatsApp:",
}

// toOwnerMail is what only mails to the owner say.
var toOwnerMail = struct{ Buttons, Automatic string }{
	Buttons:   "Para contestar usá los botones del mensaje de WhatsApp, o el panel.",
	Automatic: "Este correo es automático: te avisa lo mismo que el WhatsApp.",
}
