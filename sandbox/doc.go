// Package sandbox runs local stand-ins of the outside world on one port: the WhatsApp Cloud API with a phone page for
// the guests, Mercado Pago's Checkout Pro with a checkout page, the calendars of Airbnb, Booking.com, Vrbo and others, and a speech
// engine. They speak the real protocols, refuse what the providers refuse, sign what they sign, and repeat, reorder, delay, lose and
// fail on demand.
//
// # Addresses
//
//	/graph/{version}/…            WhatsApp Cloud API: WHATSAPP_API_URL is PublicURL + "/graph"
//	/lookaside/…                  media downloads
//	/phone                        the guests' phone
//	/mp/…                         Mercado Pago: MERCADOPAGO_API_URL is PublicURL + "/mp"
//	/mp/checkout/{preference}     checkout page, the init_point of a preference
//	/ota/{channel}/{listing}.ics  calendar of a listing on a channel, with its ?token; Booking.com's at /ota/admin-booking redirects there
//	/speech/…                     speech engine: WHISPER_API_URL is PublicURL + "/speech" (speaches) or "/speech/inference" (whisper.cpp)
//	/healthz                      200 when serving
//	/control/…                    the control API
//
// # Control API
//
// JSON in and out; unknown fields are refused; an error is {"error": "…"} with a 4xx status. The types are those of
// package control, whose Client speaks it. It has no password: serve the sandbox on loopback only.
//
//	POST   /control/guests                 Guest: add or replace a guest → Guest
//	GET    /control/guests                 → {"guests": [Guest]}
//	POST   /control/messages               Inbound: a guest writes → {"wamid"}
//	POST   /control/messages/batch         Batch: several in one webhook → {"wamids"}
//	GET    /control/messages               ?guest=&after=&direction=in|out: the transcript → {"messages": [Message]}
//	GET    /control/messages/wait          the same, waiting up to ?timeout=10s for the first
//	POST   /control/read                   {"guest"}: the guest reads, read statuses follow
//	POST   /control/window                 {"guest","closed"}: close or open the 24-hour window
//	POST   /control/echo                   {"guest","text"}: the owner writes from the app of the business's phone → {"wamid"}
//	POST   /control/templates              TemplateSpec: approve a template, or pause it
//	GET    /control/media/{id}             a file a guest sent
//	GET    /control/whatsapp               business name, number, call counts
//	POST   /control/whatsapp/faults        WhatsAppFaults; DELETE switches all off
//	POST   /control/whatsapp/verify        make Meta's GET handshake with the webhook (204, or 502 with the reason)
//	POST   /control/whatsapp/raw           sign and deliver any body
//
//	GET    /control/preferences            ?external_reference= → {"preferences": [Preference]}
//	POST   /control/payments               NewPayment → {"payment_id","payment"}; 409 when the link is expired and not "late"
//	PATCH  /control/payments/{id}          PaymentChange → Payment
//	GET    /control/payments               ?external_reference=&preference_id= → {"payments": [Payment]}
//	POST   /control/payments/{id}/notify   {"action"?,"form"?}: notify again, as a new event
//	POST   /control/payments/{id}/dispute  {"step"}: mediation, chargeback, lost, won, restored → Payment
//	PUT    /control/payments/{id}/raw      RawPayment: what the API says of it instead; {} ends that → Payment
//	POST   /control/payments/{id}/refund   {"amount"?}: refund from the panel → Payment
//	GET    /control/refunds                ?payment_id= → {"refunds": [Refund]}
//	PATCH  /control/refunds/{id}           {"status"}: settle an in_process refund → Refund
//	GET    /control/mercadopago            collector, call counts
//	GET    /control/mercadopago/accounts   ?external_reference=: taken, refunded, held, lost → {"accounts": [Account]}
//	POST   /control/mercadopago/faults     MercadoPagoFaults; DELETE switches all off
//	POST   /control/mercadopago/notify     Notice: a signed notification of anything
//
//	POST   /control/channels/listings      ChannelListing: add a listing or replace its settings → ChannelListing with feed_url
//	GET    /control/channels/listings      ?channel= → {"listings": [ChannelState]}
//	GET    /control/channels/listings/{channel}/{listing}   → ChannelState: what the channel knows; DELETE takes it off
//	POST   /control/channels/bookings      ChannelStay: a guest books on the channel → ChannelStay; 409 when it knows a night as closed
//	PATCH  /control/channels/bookings/{id} ChannelStayChange: move it → ChannelStay; 409 alike. DELETE cancels it
//	POST   /control/channels/pull          {"channel","listing"}: the channel imports our calendar now → ChannelPull
//	POST   /control/channels/clock         {"channel"?,"today"}: the day a channel lives in; "" follows the clock → {"today"}
//	POST   /control/channels/faults        ChannelFaults; DELETE (?channel=&listing=) switches them off
//
//	GET    /control/clips                  → {"clips": [Clip]}: voice notes that the speech engine knows; send one as Inbound.Clip
//	GET    /control/speech                 call counts
//	POST   /control/speech/faults          SpeechFaults; DELETE switches all off
//
//	GET    /control/deliveries             → {"whatsapp": Deliveries, "mercadopago": Deliveries}
//	POST   /control/reset                  forget everything, faults included
//
// # State
//
// With Options.StateFile set, guests, messages, windows, media, templates, preferences, payments, refunds, idempotency
// keys, listings, their bookings, imports and days, and untaken webhooks survive a kill; faults and call counts do not.
package sandbox
