package dialogue

// moneyTexts is what the bot says in one language of transfers, balances and receipts.
type moneyTexts struct {
	ButtonTransfer string
	// Choosing to transfer: the offer beside the link, the account with the deadline, and why not.
	TransferOffer, TransferChosen, TransferNotTaken, TransferOver string
	TransferReminder, TransferUnseen                              string
	// The rest of the price before the arrival.
	BalanceLink, BalanceReminder string
	// What the deposit is and when the rest is paid, as parts of the help; and the same where the rest has a link of its own.
	PartPercent, PartFixed, RestOnArrival, RestByLink string
	DepositThenLink, BalanceByLink                    string
	// A numbered receipt, and why there is none yet.
	ReceiptCaption, ReceiptNone, ReceiptLink string
}

// moneyTextsOf returns the texts of a language, Spanish for any other.
func moneyTextsOf(language string) *moneyTexts {
	switch language {
	case "pt":
		return &portugueseMoney
	case "en":
		return &englishMoney
	}
	return &spanishMoney
}

var spanishMoney = moneyTexts{
	ButtonTransfer: "Transferencia",
	TransferOffer:  "Si preferís, también podés pagar la seña por transferencia bancaria.",
	TransferChosen: "Dale, la seña de la reserva *{code}* la pagás por transferencia: *{deposit}*.\n\n{account}\n\nTe guardo las fechas hasta {deadline}. " +
		"Si querés mandame el comprobante, pero la reserva se confirma recién cuando la plata se acredite en la cuenta.",
	TransferNotTaken: "Por ahora no recibimos transferencias: la seña se paga con el link de Mercado Pago.",
	TransferOver:     "La reserva {code} está {status}: ya no espera una transferencia. No transfieras nada sin preguntar antes.",
	TransferReminder: "La transferencia de *{deposit}* para la reserva *{code}* todavía no figura acreditada. Te guardo las fechas hasta {deadline}. " +
		"Si ya la hiciste, no hace falta que hagas nada.",
	TransferUnseen: "Revisamos la cuenta y la transferencia de la reserva *{code}* todavía no figura acreditada. Te guardo las fechas hasta {deadline}.",
	BalanceLink:    "Se acerca tu estadía en *{cabin}*, del {in} al {out} (reserva {code}). Queda por pagar el saldo: *{balance}*.",
	BalanceReminder: "Te recuerdo el saldo de tu reserva *{code}* en {cabin}: *{balance}*. Llegás el {in}. " +
		"Si ya lo pagaste, no hace falta que hagas nada.",
	PartPercent: "es el {percent} % del total", PartFixed: "es de {deposit}",
	RestOnArrival: "El resto se paga al llegar.", RestByLink: "El resto se paga antes de llegar, con el link de pago que te mando por acá.",
	DepositThenLink: "Reservás con una seña de {deposit}, que es parte del precio. El resto ({balance}) lo pagás antes de llegar, con el link de pago que te mando por acá.",
	BalanceByLink:   "La seña es parte del precio. El saldo de {balance} se paga antes de llegar, con el link de pago que te mando por acá.",
	ReceiptCaption:  "Recibo {number} · reserva {code} · {amount}",
	ReceiptNone:     "Todavía no tengo un pago acreditado para hacerte el recibo. En cuanto se acredite te lo mando.",
	ReceiptLink:     "Recibo {number} de la reserva {code}, {amount}: {url}",
}

var portugueseMoney = moneyTexts{
	ButtonTransfer: "Transferência",
	TransferOffer:  "Se preferir, você também pode pagar o sinal por transferência bancária.",
	TransferChosen: "Certo, o sinal da reserva *{code}* será pago por transferência: *{deposit}*.\n\n{account}\n\nGuardo as datas até {deadline}. " +
		"Pode mandar o comprovante, mas a reserva só é confirmada quando o dinheiro entrar na conta.",
	TransferNotTaken: "No momento não recebemos transferências: o sinal é pago com o link do Mercado Pago.",
	TransferOver:     "A reserva {code} está {status}: não espera mais uma transferência. Não transfira nada sem perguntar antes.",
	TransferReminder: "A transferência de *{deposit}* para a reserva *{code}* ainda não aparece na conta. Guardo as datas até {deadline}. " +
		"Se você já fez, não precisa fazer nada.",
	TransferUnseen: "Conferimos a conta e a transferência da reserva *{code}* ainda não aparece. Guardo as datas até {deadline}.",
	BalanceLink:    "Sua estadia em *{cabin}* está chegando, de {in} a {out} (reserva {code}). Falta pagar o saldo: *{balance}*.",
	BalanceReminder: "Lembro o saldo da sua reserva *{code}* em {cabin}: *{balance}*. Você chega em {in}. " +
		"Se já pagou, não precisa fazer nada.",
	PartPercent: "é {percent} % do total", PartFixed: "é de {deposit}",
	RestOnArrival: "O resto se paga na chegada.", RestByLink: "O resto se paga antes da chegada, com o link de pagamento que envio por aqui.",
	DepositThenLink: "Você reserva com um sinal de {deposit}, que é parte do preço. O resto ({balance}) se paga antes da chegada, com o link de pagamento que envio por aqui.",
	BalanceByLink:   "O sinal é parte do preço. O saldo de {balance} se paga antes da chegada, com o link de pagamento que envio por aqui.",
	ReceiptCaption:  "Recibo {number} · reserva {code} · {amount}",
	ReceiptNone:     "Ainda não tenho um pagamento creditado para fazer o recibo. Assim que entrar, eu mando.",
	ReceiptLink:     "Recibo {number} da reserva {code}, {amount}: {url}",
}

var englishMoney = moneyTexts{
	ButtonTransfer: "Bank transfer",
	TransferOffer:  "If you prefer, you can also pay the deposit by bank transfer.",
	TransferChosen: "Fine, you pay the deposit of booking *{code}* by bank transfer: *{deposit}*.\n\n{account}\n\nI hold the dates until {deadline}. " +
		"You can send me the receipt, but the booking is confirmed only when the money arrives in the account.",
	TransferNotTaken: "We take no bank transfers at the moment: the deposit is paid with the Mercado Pago link.",
	TransferOver:     "Booking {code} is {status}: it does not wait for a transfer any more. Please ask before you transfer anything.",
	TransferReminder: "The transfer of *{deposit}* for booking *{code}* has not arrived in the account yet. I hold the dates until {deadline}. " +
		"If you have made it already, there is nothing to do.",
	TransferUnseen: "We looked at the account and the transfer for booking *{code}* has not arrived yet. I hold the dates until {deadline}.",
	BalanceLink:    "Your stay at *{cabin}* is coming up, {in} to {out} (booking {code}). The balance is still to be paid: *{balance}*.",
	BalanceReminder: "A reminder of the balance of your booking *{code}* at {cabin}: *{balance}*. You arrive on {in}. " +
		"If you have paid it already, there is nothing to do.",
	PartPercent: "is {percent} % of the total", PartFixed: "is {deposit}",
	RestOnArrival: "The rest is paid on arrival.", RestByLink: "The rest is paid before you arrive, with the payment link I send you here.",
	DepositThenLink: "You book with a deposit of {deposit}, which is part of the price. The rest ({balance}) is paid before you arrive, with the payment link I send you here.",
	BalanceByLink:   "The deposit is part of the price. The balance of {balance} is paid before you arrive, with the payment link I send you here.",
	ReceiptCaption:  "Receipt {number} · booking {code} · {amount}",
	ReceiptNone:     "There is no credited payment yet to make a receipt of. I will send it as soon as one arrives.",
	ReceiptLink:     "Receipt {number} of booking {code}, {amount}: {url}",
}

// toOwnerMoney is what the owner is told of transfers and balances, always in Argentine Spanish.
var toOwnerMoney = struct {
	TransferChosen, TransferAsk, TransferAskPanel, ButtonTransferOk, ButtonTransferNo string
	TransferRecorded, TransferRefused, TransferNotYet                                 string
	WhoseTransfer, WhoseEnd, WhosePanel                                               string
	BalanceUnpaid, ReturnByHand                                                       string
}{
	TransferChosen:   "{guest} ({phone}) va a pagar por transferencia.\nReserva {code} · {cabin}\nDel {in} al {out}\nSeña {deposit}, hasta {deadline}.",
	TransferAsk:      "Fijate en la cuenta, no en el comprobante: cuando la plata haya entrado, confirmalo acá.",
	TransferAskPanel: "Fijate en la cuenta, no en el comprobante: cuando la plata haya entrado, registrala en el panel.",
	ButtonTransferOk: "Entró la seña", ButtonTransferNo: "Todavía no",
	TransferRecorded: "Anotado ✅ La transferencia de la reserva {code} quedó registrada y la reserva, confirmada.",
	TransferRefused:  "No lo pude registrar: la reserva {code} está {status}. Si la plata entró, mirala en el panel.",
	TransferNotYet:   "Listo, le aviso que todavía no figura. La reserva {code} sigue esperando.",
	WhoseTransfer:    "Entró una transferencia de {amount} y la esperan varias reservas: {list}.",
	WhoseEnd:         "Decime de cuál es con el botón, o registrala en el panel.",
	WhosePanel:       "Registrala en el panel en la que corresponda.",
	BalanceUnpaid:    "Mañana llega {guest} ({phone}) y todavía debe el saldo: {balance}.\n{code} · {cabin}\nDel {in} al {out}. La reserva sigue en pie: cobralo al llegar o escribile.",
	ReturnByHand:     "Hay que devolverle {amount} a {guest} ({phone}), porque pagó en efectivo o por transferencia.\n{code} · {cabin} ({status})\nDevolvelo por el mismo medio y anotalo en el panel.",
}
