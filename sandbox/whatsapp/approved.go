package whatsapp

import "cabanas/sandbox/control"

// DefaultTemplates are the templates this product is approved for. Their texts are what the operator submits to Meta
// (docs/whatsapp-templates.md).
func DefaultTemplates() []control.TemplateSpec {
	return []control.TemplateSpec{
		{Name: "hold_created", Language: "es_AR", Params: 6,
			Text: "Te guardamos las fechas. Reserva {{1}} en {{2}}, {{3}}. Para confirmarla pagá la seña de {{4}} antes de {{5}}. Link de pago: {{6}} Si tenés alguna duda, respondé este mensaje."},
		{Name: "hold_created", Language: "pt_BR", Params: 6,
			Text: "Guardamos as datas para você. Reserva {{1}} em {{2}}, {{3}}. Para confirmar, pague o sinal de {{4}} até {{5}}. Link de pagamento: {{6}} Se tiver alguma dúvida, responda esta mensagem."},
		{Name: "hold_created", Language: "en", Params: 6,
			Text: "We are holding the dates for you. Booking {{1}} at {{2}}, {{3}}. To confirm it, pay the deposit of {{4}} before {{5}}. Payment link: {{6}} If you have any questions, reply to this message."},
		{Name: "hold_reminder", Language: "es_AR", Params: 5,
			Text: "Tu reserva {{1}} en {{2}} espera la seña de {{3}} hasta {{4}}. Link de pago: {{5}} Si ya pagaste, no hace falta que hagas nada."},
		{Name: "hold_reminder", Language: "pt_BR", Params: 5,
			Text: "Sua reserva {{1}} em {{2}} aguarda o sinal de {{3}} até {{4}}. Link de pagamento: {{5}} Se você já pagou, não precisa fazer nada."},
		{Name: "hold_reminder", Language: "en", Params: 5,
			Text: "Your booking {{1}} at {{2}} is waiting for the deposit of {{3}} until {{4}}. Payment link: {{5}} If you have already paid, there is nothing to do."},
		{Name: "hold_expired", Language: "es_AR", Params: 3,
			Text: "Venció el plazo de tu reserva {{1}} en {{2}}, {{3}}, y las fechas quedaron libres. Si todavía las querés, respondé este mensaje y vemos si siguen disponibles."},
		{Name: "hold_expired", Language: "pt_BR", Params: 3,
			Text: "O prazo da sua reserva {{1}} em {{2}}, {{3}}, terminou e as datas ficaram livres. Se ainda quiser, responda esta mensagem e vemos se continuam disponíveis."},
		{Name: "hold_expired", Language: "en", Params: 3,
			Text: "The time to pay for your booking {{1}} at {{2}}, {{3}}, is over and the dates are free again. If you still want them, reply to this message and we will see if they are available."},
		{Name: "booking_confirmed", Language: "es_AR", Params: 4,
			Text: "¡Listo! Tu reserva {{1}} en {{2}}, {{3}}, está confirmada. Saldo a pagar: {{4}}. Antes de tu llegada te mandamos los datos para entrar."},
		{Name: "booking_confirmed", Language: "pt_BR", Params: 4,
			Text: "Pronto! Sua reserva {{1}} em {{2}}, {{3}}, está confirmada. Saldo a pagar: {{4}}. Antes da sua chegada enviamos os dados para entrar."},
		{Name: "booking_confirmed", Language: "en", Params: 4,
			Text: "Done! Your booking {{1}} at {{2}}, {{3}}, is confirmed. Balance to pay: {{4}}. Before you arrive we will send you how to get in."},
		{Name: "booking_cancelled", Language: "es_AR", Params: 4,
			Text: "Cancelamos tu reserva {{1}} en {{2}}, {{3}}. Monto que te devolvemos: {{4}}. Si tenés alguna duda, respondé este mensaje."},
		{Name: "booking_cancelled", Language: "pt_BR", Params: 4,
			Text: "Cancelamos sua reserva {{1}} em {{2}}, {{3}}. Valor que devolvemos: {{4}}. Se tiver alguma dúvida, responda esta mensagem."},
		{Name: "booking_cancelled", Language: "en", Params: 4,
			Text: "We cancelled your booking {{1}} at {{2}}, {{3}}. Amount we are returning: {{4}}. If you have any questions, reply to this message."},
		{Name: "payment_update", Language: "es_AR", Params: 2,
			Text: "Novedades del pago de tu reserva {{1}}: {{2}} Si tenés alguna duda, respondé este mensaje."},
		{Name: "payment_update", Language: "pt_BR", Params: 2,
			Text: "Novidades do pagamento da sua reserva {{1}}: {{2}} Se tiver alguma dúvida, responda esta mensagem."},
		{Name: "payment_update", Language: "en", Params: 2,
			Text: "News about the payment of your booking {{1}}: {{2}} If you have any questions, reply to this message."},
		{Name: "stay_info", Language: "es_AR", Params: 4,
			Text: "Datos de tu estadía: reserva {{1}} en {{2}}, {{3}}, horario {{4}}. Si necesitás algo, respondé este mensaje."},
		{Name: "stay_info", Language: "pt_BR", Params: 4,
			Text: "Dados da sua estadia: reserva {{1}} em {{2}}, {{3}}, horário {{4}}. Se precisar de algo, responda esta mensagem."},
		{Name: "stay_info", Language: "en", Params: 4,
			Text: "About your stay: booking {{1}} at {{2}}, {{3}}, time {{4}}. If you need anything, reply to this message."},
		{Name: "owner_alert", Language: "es_AR", Params: 1,
			Text: "Aviso de tu sistema de reservas: {{1}} Para ver el detalle, entrá al panel."},
	}
}
