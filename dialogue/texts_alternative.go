package dialogue

// lateTexts is what the bot says in one language of money that came late, twice or went back, and of other nights for it.
type lateTexts struct {
	// Offer puts other nights to the guest; AskAgain repeats it, OfferOver and OfferLost say why it cannot be taken any more.
	Offer, OfferSameNights, OfferOtherNights, AskAgain, OfferOver, OfferLeft string
	ButtonTake, ButtonLeave                                                  string
	// Taken is the confirmation of the other nights.
	Taken string
	// Counted is money towards a stay that is confirmed, Returned what was given back in the provider's panel.
	Counted, Returned string
}

func lateTextsOf(language string) *lateTexts {
	switch language {
	case "pt":
		return &portugueseLate
	case "en":
		return &englishLate
	}
	return &spanishLate
}

var spanishLate = lateTexts{
	Offer:            "Tu pago de {amount} llegó, pero *{cabin}* del {in} al {out} ya no está libre. Perdón por eso.",
	OfferSameNights:  "Te guardé *{newcabin}* para las mismas noches, al mismo precio ({total}).",
	OfferOtherNights: "Te guardé *{newcabin}* del {newin} al {newout}, al mismo precio ({total}).",
	AskAgain:         "¿La querés? Respondé sí o no hasta {until}. Si no, te devolvemos todo lo que pagaste.",
	OfferOver:        "Ese lugar ya no te lo puedo dar. Si tu pago no quedó en una reserva, te lo devolvemos por Mercado Pago.",
	OfferLeft:        "Dale, lo dejo ir y te devolvemos lo que pagaste por Mercado Pago.",
	ButtonTake:       "Sí, la quiero", ButtonLeave: "No, devolveme",
	Taken:    "¡Listo! Tu reserva quedó confirmada en el nuevo lugar ✅\nReserva {code}\n*{cabin}*\nDel {in} al {out} · {nights} · {guests}\nPagaste {paid} de un total de {total}.",
	Counted:  "Recibimos tu pago de {amount} por la reserva {code}. Llevás pagado {paid} de {total}.",
	Returned: "Se te devolvieron {amount} de la reserva {code} por Mercado Pago. La reserva está {status}.",
}

var portugueseLate = lateTexts{
	Offer:            "Seu pagamento de {amount} chegou, mas *{cabin}* de {in} a {out} já não está livre. Desculpe por isso.",
	OfferSameNights:  "Guardei *{newcabin}* para as mesmas noites, pelo mesmo preço ({total}).",
	OfferOtherNights: "Guardei *{newcabin}* de {newin} a {newout}, pelo mesmo preço ({total}).",
	AskAgain:         "Você quer? Responda sim ou não até {until}. Se não, devolvemos tudo o que você pagou.",
	OfferOver:        "Esse lugar já não posso oferecer. Se o seu pagamento não ficou em uma reserva, devolvemos pelo Mercado Pago.",
	OfferLeft:        "Certo, libero o lugar e devolvemos o que você pagou pelo Mercado Pago.",
	ButtonTake:       "Sim, quero", ButtonLeave: "Não, devolva",
	Taken:    "Pronto! Sua reserva está confirmada no novo lugar ✅\nReserva {code}\n*{cabin}*\nDe {in} a {out} · {nights} · {guests}\nVocê pagou {paid} de um total de {total}.",
	Counted:  "Recebemos seu pagamento de {amount} pela reserva {code}. Você já pagou {paid} de {total}.",
	Returned: "Devolvemos {amount} da reserva {code} pelo Mercado Pago. A reserva está {status}.",
}

var englishLate = lateTexts{
	Offer:            "Your payment of {amount} arrived, but *{cabin}* from {in} to {out} is no longer free. We are sorry.",
	OfferSameNights:  "I am holding *{newcabin}* for the same nights, at the same price ({total}).",
	OfferOtherNights: "I am holding *{newcabin}* from {newin} to {newout}, at the same price ({total}).",
	AskAgain:         "Do you want it? Answer yes or no until {until}. If not, we refund everything you paid.",
	OfferOver:        "I cannot give you that place any more. If your payment is not in a booking, we refund it by Mercado Pago.",
	OfferLeft:        "All right, I let it go and we refund what you paid by Mercado Pago.",
	ButtonTake:       "Yes, I want it", ButtonLeave: "No, refund me",
	Taken:    "Done! Your booking is confirmed at the new place ✅\nBooking {code}\n*{cabin}*\nFrom {in} to {out} · {nights} · {guests}\nYou paid {paid} of a total of {total}.",
	Counted:  "We received your payment of {amount} for booking {code}. You have paid {paid} of {total}.",
	Returned: "{amount} of booking {code} went back to you by Mercado Pago. The booking is {status}.",
}

// toOwnerLate is what the owner is told of it.
var toOwnerLate = struct {
	Offered, TookOther, Ledger                      string
	Counted, Part, PartConfirmed, ReturnedConfirmed string
	Mediation, Chargeback, Lost, Won                string
}{
	Offered: "Llegó tarde un pago de {amount} y las noches ya estaban vendidas.\n{code} · {cabin}, del {in} al {out}\nHuésped: {guest} ({phone})\n" +
		"Le ofrecí {newcabin}, del {newin} al {newout}, al mismo precio ({total}; por su tarifa saldría {price}). Guardo esas noches hasta {until}: si no acepta, se le devuelve. No tenés que hacer nada.",
	TookOther: "Llegó tarde y aceptó {cabin}, del {in} al {out}, al mismo precio: la reserva quedó confirmada ahí. No tenés que hacer nada.",
	Ledger: "Los totales de Mercado Pago y los del sistema no coinciden en los pagos de un día: la diferencia es de {amount} ⚠️\n" +
		"Intentamos resolverlo solo y sigue igual. Qué hacer: avisale a quien administra el sistema.",
	Counted:           "Se sumó a lo pagado de la reserva: lleva {paid} de {total}. No tenés que hacer nada.",
	Part:              "Es lo devuelto en total de ese pago desde el panel de Mercado Pago. Ya se lo avisé al huésped.",
	PartConfirmed:     "Es lo devuelto en total de ese pago desde el panel de Mercado Pago. La reserva sigue confirmada, con {paid} pagados de {total}: si no querés mantenerla, cancelala.",
	ReturnedConfirmed: "El pago se devolvió desde Mercado Pago. La reserva sigue confirmada, con {paid} pagados de {total}: si no querés mantenerla, cancelala.",
	Mediation:         "Quien pagó abrió un reclamo en Mercado Pago: la plata queda retenida hasta que se resuelva. Qué hacer: respondé el reclamo en Mercado Pago. La reserva sigue igual.",
	Chargeback:        "El banco de quien pagó desconoció el pago (contracargo): Mercado Pago retiene la plata mientras se decide. Qué hacer: presentá la documentación en Mercado Pago cuanto antes. La reserva sigue igual.",
	Lost:              "Se perdió el contracargo: la plata volvió a quien pagó. Qué hacer: decidí si mantenés la reserva ({paid} pagados de {total}).",
	Won:               "Se resolvió a tu favor: la plata vuelve a contar para la reserva. No tenés que hacer nada.",
}
