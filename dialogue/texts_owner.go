package dialogue

// toOwner holds what the owner is told, always in Argentine Spanish.
var toOwner = struct {
	Confirmed, Cancelled, CancelledRefund, NoLink, Other string

	// A guest who needs a person: who and why, what they want, their booking and their last words.
	HandOver, HandOverWish, HandOverBooking, HandOverCode, HandOverWords, HandOverEnd string
	Asked, Lost, Upset, Loop                                                          string
	ButtonBotBack, HandedBack                                                         string

	// A receipt that is not verified, a message that did not arrive, an account that WhatsApp refuses.
	Receipt, ReceiptBooking, ReceiptEnd                                             string
	Unsent, UnsentRecipient, UnsentTemplate, UnsentWindow, UnsentOther, UnsentWords string
	Account, AccountDo                                                              string

	// A payment case: what it is about, then one line of what happened.
	PaymentCase, CaseShort, CaseLateConfirmed, CaseReturned, CaseReversed, CasePark string
}{
	Confirmed:       "Reserva confirmada ✅\n{code} · {cabin}\nDel {in} al {out} · {nights} · {guests}\nHuésped: {guest} ({phone})\nPagó {paid} de {total}, saldo {balance}.",
	Cancelled:       "Reserva cancelada\n{code} · {cabin}\nDel {in} al {out}\nHuésped: {guest} ({phone})\nNo hay devolución.",
	CancelledRefund: "Reserva cancelada\n{code} · {cabin}\nDel {in} al {out}\nHuésped: {guest} ({phone})\nSe le devuelven {amount}.",
	HandOver:        "🙋 {guest} ({phone}) {reason}.",
	HandOverWish:    "Busca: {wish}",
	HandOverBooking: "Reserva {code} · {cabin} ({status})\nDel {in} al {out} · {guests} · pagó {paid} de {total}",
	HandOverCode:    "Reserva {code}",
	HandOverWords:   "Lo último que escribió: “{words}”",
	HandOverEnd:     "Respondele desde tu WhatsApp. El bot queda en silencio con ese huésped hasta que se lo devuelvas.",
	Asked:           "pidió hablar con una persona",
	Lost:            "no se está entendiendo con el bot",
	Upset:           "está molesto o preocupado: respondele cuanto antes",
	Loop:            "está dando vueltas con el bot, se repite lo mismo",
	ButtonBotBack:   "Devolver al bot",
	HandedBack:      "Listo ✅ El bot vuelve a responderle.",

	Receipt:         "{guest} ({phone}) mandó lo que parece un comprobante de pago. No está verificado ⚠️",
	ReceiptBooking:  "Reserva {code} · {cabin} ({status})\nDel {in} al {out} · seña {deposit}, acreditado {paid}",
	ReceiptEnd:      "Qué hacer: si es un pago de Mercado Pago no hagas nada, se confirma solo al acreditarse. Si dice que te transfirió, fijate que la plata haya entrado antes de confirmar la reserva en el panel.",
	Unsent:          "No le pude entregar un mensaje a {guest} ({phone}).",
	UnsentWords:     "Decía: “{words}”",
	UnsentRecipient: "Su WhatsApp no recibe mensajes. Qué hacer: llamalo o escribile por otro medio.",
	UnsentTemplate:  "Falta o está pausada una plantilla de WhatsApp. Qué hacer: escribile vos y avisale a quien administra el sistema.",
	UnsentWindow:    "Pasaron más de 24 horas desde su último mensaje y no hay plantilla para esto. Qué hacer: escribile vos desde tu teléfono.",
	UnsentOther:     "Qué hacer: escribile vos, y avisale a quien administra el sistema si se repite (motivo: {problem}).",
	Account:         "WhatsApp está rechazando nuestra cuenta: el bot no puede mandar mensajes ⚠️ (motivo: {problem}).",
	AccountDo:       "Qué hacer: revisá el pago y el estado de la cuenta en Meta Business, y avisale a quien administra el sistema. Lo pendiente sale solo cuando se arregle.",
	NoLink:          "No se pudo generar el link de pago de la reserva {code} · {cabin}, del {in} al {out}. Escribile a {guest} ({phone}): las fechas se liberan solas cuando venza.",
	Other:           "Hay una novedad de la reserva {code} · {cabin}, del {in} al {out}.",

	PaymentCase:       "Novedad de un pago de {amount} ⚠️\n{code} · {cabin} ({status})\nDel {in} al {out}\nHuésped: {guest} ({phone})",
	CaseShort:         "Es menos que la seña de {deposit}. Ya se lo avisé al huésped; la reserva no se confirma hasta que complete.",
	CaseLateConfirmed: "Llegó tarde, pero las fechas seguían libres: la reserva quedó confirmada. No tenés que hacer nada.",
	CaseReturned:      "No correspondía a esta reserva en su estado actual: se devolvió. No tenés que hacer nada.",
	CaseReversed:      "El pago fue devuelto o desconocido en Mercado Pago. Revisá la reserva, por favor.",
	CasePark:          "No se pudo resolver solo. Revisalo, por favor.",
}
