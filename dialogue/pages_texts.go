package dialogue

// pageTexts are the texts of the payment pages in one language.
type pageTexts struct {
	Cabin, CheckIn, CheckOut, Booking string
	Due, Paid, Balance, Returned      string
	Pay, Again, Back, AskAgain        string
	// Hello begins the message that a guest writes from the page.
	Hello, HelloAgain string
	States            map[PageState]pageText
}

// pageText says what is true; GaveUp is said instead of Text when the page does not look again by itself.
type pageText struct{ Title, Text, GaveUp string }

func pageTextsOf(language string) *pageTexts {
	switch language {
	case "pt":
		return &portuguesePages
	case "en":
		return &englishPages
	}
	return &spanishPages
}

var spanishPages = pageTexts{
	Cabin: "Alojamiento", CheckIn: "Entrada", CheckOut: "Salida", Booking: "Reserva",
	Due: "A pagar ahora", Paid: "Pagado", Balance: "Saldo", Returned: "Devolución",
	Pay: "Pagar {due}", Again: "Actualizar", Back: "Volver a WhatsApp", AskAgain: "Pedirla de nuevo",
	Hello: "¡Hola! Es por la reserva {code}", HelloAgain: "¡Hola! Quiero volver a reservar lo de {code}",
	States: map[PageState]pageText{
		PagePay: {Title: "Falta la seña", Text: "Tus fechas están guardadas hasta {deadline}. Cuando se acredite el pago, la reserva queda confirmada."},
		PageRejected: {Title: "El pago no se aprobó",
			Text: "No se te cobró nada. Tus fechas siguen guardadas hasta {deadline}: podés probar con otro medio de pago."},
		PageMaking: {Title: "Estamos preparando el link de pago", Text: "Tus fechas están guardadas hasta {deadline}. Esta página se actualiza sola en unos segundos.",
			GaveUp: "Tus fechas están guardadas hasta {deadline}. El link está tardando: te lo mandamos por WhatsApp apenas esté."},
		PageChecking: {Title: "Estamos verificando tu pago", Text: "Le preguntamos a Mercado Pago. Esta página se actualiza sola en unos segundos; no pagues de nuevo.",
			GaveUp: "Mercado Pago todavía no nos respondió. No pagues de nuevo: apenas sepamos algo te avisamos por WhatsApp."},
		PagePending:   {Title: "Tu pago está en proceso", Text: "Mercado Pago lo está procesando. No pagues de nuevo: apenas se acredite te avisamos por WhatsApp."},
		PageConfirmed: {Title: "¡Tu reserva está confirmada!", Text: "Los detalles te los mandamos por WhatsApp."},
		PageExpired:   {Title: "La reserva venció", Text: "No llegó el pago a tiempo y las fechas quedaron libres. Si todavía querés venir, escribinos y la buscamos de nuevo."},
		PageLate: {Title: "Recibimos tu pago",
			Text: "Llegó cuando la reserva ya había vencido. Lo estamos resolviendo y te avisamos por WhatsApp: tu plata está segura."},
		PageReturned:  {Title: "Te devolvemos el dinero", Text: "La reserva ya no está activa. La devolución de {returned} va por Mercado Pago; puede tardar unos días en verse."},
		PageCancelled: {Title: "La reserva está cancelada", Text: "Si querés volver a reservar, escribinos y buscamos fechas."},
		PageOver:      {Title: "¡Gracias por tu visita!", Text: "Esta estadía ya terminó y no hay nada para pagar acá."},
		PageUnknown:   {Title: "No encontramos esta página", Text: "Revisá que el link esté completo, tal como te lo mandamos por WhatsApp."},
		PageBusy:      {Title: "Un momento", Text: "Abriste esta página muchas veces seguidas. Esperá un minuto y volvé a probar."},
		PageAway:      {Title: "No podemos mostrarte la reserva ahora", Text: "Es un problema nuestro y ya lo estamos viendo. Probá de nuevo en un minuto."},
	},
}

var portuguesePages = pageTexts{
	Cabin: "Hospedagem", CheckIn: "Entrada", CheckOut: "Saída", Booking: "Reserva",
	Due: "A pagar agora", Paid: "Pago", Balance: "Saldo", Returned: "Devolução",
	Pay: "Pagar {due}", Again: "Atualizar", Back: "Voltar ao WhatsApp", AskAgain: "Pedir de novo",
	Hello: "Olá! É sobre a reserva {code}", HelloAgain: "Olá! Quero reservar de novo o que era da {code}",
	States: map[PageState]pageText{
		PagePay: {Title: "Falta o sinal", Text: "Suas datas estão guardadas até {deadline}. Assim que o pagamento for creditado, a reserva fica confirmada."},
		PageRejected: {Title: "O pagamento não foi aprovado",
			Text: "Nada foi cobrado. Suas datas continuam guardadas até {deadline}: você pode tentar com outro meio de pagamento."},
		PageMaking: {Title: "Estamos preparando o link de pagamento", Text: "Suas datas estão guardadas até {deadline}. Esta página se atualiza sozinha em alguns segundos.",
			GaveUp: "Suas datas estão guardadas até {deadline}. O link está demorando: enviamos pelo WhatsApp assim que estiver pronto."},
		PageChecking: {Title: "Estamos verificando seu pagamento", Text: "Perguntamos ao Mercado Pago. Esta página se atualiza sozinha em alguns segundos; não pague de novo.",
			GaveUp: "O Mercado Pago ainda não respondeu. Não pague de novo: assim que soubermos, avisamos pelo WhatsApp."},
		PagePending:   {Title: "Seu pagamento está em processo", Text: "O Mercado Pago está processando. Não pague de novo: assim que for creditado, avisamos pelo WhatsApp."},
		PageConfirmed: {Title: "Sua reserva está confirmada!", Text: "Os detalhes chegam pelo WhatsApp."},
		PageExpired:   {Title: "A reserva venceu", Text: "O pagamento não chegou a tempo e as datas ficaram livres. Se ainda quiser vir, escreva e procuramos de novo."},
		PageLate: {Title: "Recebemos seu pagamento",
			Text: "Ele chegou quando a reserva já tinha vencido. Estamos resolvendo e avisamos pelo WhatsApp: seu dinheiro está seguro."},
		PageReturned:  {Title: "Vamos devolver o dinheiro", Text: "A reserva não está mais ativa. A devolução de {returned} vai pelo Mercado Pago; pode levar alguns dias para aparecer."},
		PageCancelled: {Title: "A reserva está cancelada", Text: "Se quiser reservar de novo, escreva e procuramos datas."},
		PageOver:      {Title: "Obrigado pela visita!", Text: "Esta estadia já terminou e não há nada a pagar aqui."},
		PageUnknown:   {Title: "Não encontramos esta página", Text: "Confira se o link está completo, como enviamos pelo WhatsApp."},
		PageBusy:      {Title: "Um momento", Text: "Você abriu esta página muitas vezes seguidas. Espere um minuto e tente de novo."},
		PageAway:      {Title: "Não podemos mostrar a reserva agora", Text: "É um problema nosso e já estamos vendo. Tente de novo em um minuto."},
	},
}

var englishPages = pageTexts{
	Cabin: "Place", CheckIn: "Check-in", CheckOut: "Check-out", Booking: "Booking",
	Due: "To pay now", Paid: "Paid", Balance: "Balance", Returned: "Refund",
	Pay: "Pay {due}", Again: "Refresh", Back: "Back to WhatsApp", AskAgain: "Ask for it again",
	Hello: "Hello! It is about booking {code}", HelloAgain: "Hello! I would like to book again what was {code}",
	States: map[PageState]pageText{
		PagePay: {Title: "The deposit is still to be paid", Text: "Your dates are held until {deadline}. Once the payment is credited, the booking is confirmed."},
		PageRejected: {Title: "The payment was not approved",
			Text: "You were not charged. Your dates are still held until {deadline}: you can try another way of paying."},
		PageMaking: {Title: "We are preparing your payment link", Text: "Your dates are held until {deadline}. This page refreshes by itself in a few seconds.",
			GaveUp: "Your dates are held until {deadline}. The link is taking long: we send it on WhatsApp as soon as it is ready."},
		PageChecking: {Title: "We are checking your payment", Text: "We are asking Mercado Pago. This page refreshes by itself in a few seconds; please do not pay again.",
			GaveUp: "Mercado Pago has not answered yet. Please do not pay again: as soon as we know we tell you on WhatsApp."},
		PagePending:   {Title: "Your payment is being processed", Text: "Mercado Pago is working on it. Please do not pay again: as soon as it is credited we tell you on WhatsApp."},
		PageConfirmed: {Title: "Your booking is confirmed!", Text: "We send you the details on WhatsApp."},
		PageExpired:   {Title: "The hold has ended", Text: "The payment did not arrive in time and the dates are free again. If you still want to come, write to us and we look again."},
		PageLate: {Title: "We received your payment",
			Text: "It arrived after the hold had ended. We are sorting it out and will tell you on WhatsApp: your money is safe."},
		PageReturned:  {Title: "Your money goes back to you", Text: "The booking is no longer active. The refund of {returned} goes through Mercado Pago; it may take some days to show."},
		PageCancelled: {Title: "The booking is cancelled", Text: "If you want to book again, write to us and we look for dates."},
		PageOver:      {Title: "Thank you for your visit!", Text: "This stay is over and there is nothing to pay here."},
		PageUnknown:   {Title: "We cannot find this page", Text: "Please check that the link is complete, as we sent it on WhatsApp."},
		PageBusy:      {Title: "One moment", Text: "You opened this page many times in a row. Wait a minute and try again."},
		PageAway:      {Title: "We cannot show your booking right now", Text: "It is our fault and we are on it. Please try again in a minute."},
	},
}
