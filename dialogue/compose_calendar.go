package dialogue

import (
	"strings"
	"time"

	"cabanas/booking"
)

// CalendarNotice is an alarm about the calendar of another channel; Kind is one of workflows.NoticeKind. It is always to the
// owner, and no guest is in it.
type CalendarNotice struct {
	Kind string
	// UnitName and Channel (airbnb, booking, vrbo, other) say which calendar.
	UnitName string
	Channel  string
	// Nights are those that the channel closed, Booking and Status our reservation in them.
	Nights  booking.Stay
	Booking string
	Stay    booking.Stay
	Status  booking.Status
	// Problem is why a feed gives no good answer, a word of the calendar gateway; Age for how long.
	Problem string
	Age     time.Duration
	Today   booking.Date
}

// The kinds of calendar alarm, the same words as workflows.NoticeKind.
const (
	noticeOwnerConflict   = "owner_calendar_conflict"
	noticeOwnerQuarantine = "owner_calendar_quarantine"
	noticeOwnerStale      = "owner_calendar_stale"
	noticeOwnerWell       = "owner_calendar_well"
)

// toOwnerCalendar holds what the owner is told of other channels' calendars.
var toOwnerCalendar = struct {
	Conflict, ConflictHeld, ConflictDo, ConflictDoHeld string
	Quarantine, QuarantineDo                           string
	Stale, StaleDo, Well                               string
	// Problems says in the owner's words why a feed gives no good answer.
	Problems map[string]string
	Other    string
}{
	Conflict:       "🚨 Doble reserva en {cabin}\n{channel} cerró del {from} al {to} y ahí tenemos la reserva {code}, confirmada, del {in} al {out}.",
	ConflictHeld:   "🚨 Fechas superpuestas en {cabin}\n{channel} cerró del {from} al {to} y ahí está retenida, sin pagar, la reserva {code}, del {in} al {out}.",
	ConflictDo:     "Qué hacer: entrá a {channel} y fijate qué reserva es. Elegí cuál queda, avisale cuanto antes al otro huésped y anotá tu decisión en el panel: quedarnos con la nuestra, cancelar la nuestra, o es la misma reserva. Mientras tanto no vendemos esas noches.",
	ConflictDoHeld: "Qué hacer: fijate en {channel} si es una reserva de verdad. Si lo es, cancelá la nuestra en el panel antes de que paguen. Mientras tanto no vendemos esas noches.",
	Quarantine:     "⚠️ El calendario de {channel} de {cabin} de golpe perdió la mayoría de sus reservas.",
	QuarantineDo:   "Por las dudas no liberé ninguna noche. Qué hacer: mirá tu calendario en {channel}. Si está bien así, aceptalo en el panel y libero lo que falta; si no, no hagas nada: cuando vuelva a la normalidad sigo solo.",
	Stale:          "⚠️ Hace {age} que no puedo leer el calendario de {channel} de {cabin}: {problem}.",
	StaleDo:        "Lo último que leí sigue cerrado, pero una reserva nueva de {channel} no la veo. Qué hacer: fijate que la dirección del calendario en el panel siga siendo la de {channel}, y mirá ese calendario antes de confirmar algo a mano.",
	Well:           "✅ El calendario de {channel} de {cabin} se lee bien otra vez. No tenés que hacer nada.",
	Problems: map[string]string{
		"empty": "llega vacío", "html": "en vez del calendario llega una página web", "not_a_calendar": "lo que llega no es un calendario",
		"truncated": "llega cortado", "unreadable": "no se puede leer", "too_large": "es demasiado grande",
		"bad_address": "la dirección no es válida", "not_https": "la dirección no es segura (https)",
		"private_address": "la dirección lleva a una red privada", "too_many_redirects": "la dirección da demasiadas vueltas",
		"timeout": "tarda demasiado", "unreachable": "no hay conexión con su servidor", "tls": "su certificado no es válido",
		"http_status": "su servidor responde con un error", "encoding": "llega mal comprimido", "": "no se está leyendo",
	},
	Other: "Hay una novedad en el calendario de {channel} de {cabin}.",
}

// channelNames are the names of channels as people know them.
var channelNames = map[string]string{"airbnb": "Airbnb", "booking": "Booking.com", "vrbo": "Vrbo", "other": "otro canal"}

// ComposeCalendar words an alarm, with the template that says the same when the 24-hour window is closed.
func ComposeCalendar(n CalendarNotice) Reply {
	t := toOwnerCalendar
	lines := []string{t.Other}
	switch n.Kind {
	case noticeOwnerConflict:
		lines = []string{t.Conflict, t.ConflictDo}
		if n.Status == booking.PreReserved {
			lines = []string{t.ConflictHeld, t.ConflictDoHeld}
		}
	case noticeOwnerQuarantine:
		lines = []string{t.Quarantine, t.QuarantineDo}
	case noticeOwnerStale:
		lines = []string{t.Stale, t.StaleDo}
	case noticeOwnerWell:
		lines = []string{t.Well}
	}
	problem, known := t.Problems[n.Problem]
	if !known {
		problem = shown(n.Problem, shortName)
	}
	channel := channelNames[n.Channel]
	if channel == "" {
		channel = channelNames["other"]
	}
	text := say(strings.Join(lines, "\n\n"), "cabin", orDash(shown(n.UnitName, longestName)), "channel", channel, "code", orDash(n.Booking),
		"from", spanish.date(n.Nights.CheckIn, n.Today), "to", spanish.date(n.Nights.CheckOut, n.Today),
		"in", spanish.date(n.Stay.CheckIn, n.Today), "out", spanish.date(n.Stay.CheckOut, n.Today),
		"age", spanishAge(n.Age), "problem", problem)
	return fit(Reply{Kind: ReplyText, Body: text, Template: &Template{
		Name: "owner_alert", Language: spanish.TemplateLanguage, Parameters: []string{parameter(text)}}})
}

// spanishAge says how long ago something was, roughly.
func spanishAge(age time.Duration) string {
	switch minutes := int(age.Minutes()); {
	case minutes < 2:
		return "más de un minuto"
	case minutes < 120:
		return number(minutes) + " minutos"
	case minutes < 48*60:
		return number(minutes/60) + " horas"
	default:
		return number(minutes/60/24) + " días"
	}
}
