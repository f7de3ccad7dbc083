package activities

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"cabanas/dialogue"
	"cabanas/gateways/whatsapp"
	"cabanas/workflows"
)

func TestWhatIsAPiece(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, time.November, 22, 12, 0, 0, 0, time.UTC)
	pieces := []string{
		"hola", "Hola!", "buenas tardes", "una consulta", "hola, una consulta", "quería consultar", "👋", "oi", "hello", "mira",
		"quiero reservar para", "estamos buscando algo en", "del 10 al", "para la familia,", "te cuento:",
	}
	whole := []string{
		"hola, ¿tienen lugar?", "del 10 al 15 de enero", "somos dos", "somos 4 adultos", "cuanto sale la noche", "quiero cancelar mi reserva",
		"mis reservas", "dale", "sí", "no", "gracias", "chau", "quiero hablar con una persona", "14/1", "RES261122A1B2C3",
		"buenas, ando necesitando algo tranquilo para descansar unos días con mi vieja",
	}
	for _, text := range pieces {
		require.True(t, isPiece(text, at), text)
	}
	for _, text := range whole {
		require.False(t, isPiece(text, at), text)
	}
}

func TestSignalSaysWhatMayWait(t *testing.T) {
	t.Parallel()
	inbox := &Inbox{Settle: time.Second}
	signal := func(kind dialogue.InboundKind, text string) workflows.MessageSignal {
		return inbox.signalOf(7, dialogue.Inbound{Kind: kind, Text: text, SentAt: time.Now()})
	}
	require.Equal(t, workflows.MessageSignal{MessageID: 7, Settle: time.Second, Free: true}, signal(dialogue.InboundText, "hola"))
	require.Equal(t, workflows.MessageSignal{MessageID: 7, Free: true}, signal(dialogue.InboundText, "¿hay lugar?"))
	require.Equal(t, workflows.MessageSignal{MessageID: 7, Free: true}, signal(dialogue.InboundAudio, ""))
	require.Equal(t, workflows.MessageSignal{MessageID: 7}, signal(dialogue.InboundChoice, "hola"))
	inbox.Settle = 0
	require.Equal(t, workflows.MessageSignal{MessageID: 7, Free: true}, signal(dialogue.InboundText, "hola"))
}

func TestFilesAreKeptWithTheirMessage(t *testing.T) {
	t.Parallel()
	now := time.Now()
	for kind, want := range map[whatsapp.Kind]dialogue.InboundKind{
		whatsapp.KindAudio: dialogue.InboundAudio, whatsapp.KindImage: dialogue.InboundPicture, whatsapp.KindVideo: dialogue.InboundPicture,
		whatsapp.KindDocument: dialogue.InboundDocument,
	} {
		inbound := inboundOf(whatsapp.Inbound{Kind: kind, Text: "x", Media: &whatsapp.Media{
			ID: "1", MIMEType: "audio/ogg", SHA256: "s", Filename: "f", Voice: true}}, now)
		require.Equal(t, dialogue.Inbound{Kind: want, Text: "x", SentAt: now, Media: &dialogue.Media{
			ID: "1", MIMEType: "audio/ogg", SHA256: "s", Filename: "f", Voice: true}}, inbound)
	}
}

func TestTextsAreCutToWhole(t *testing.T) {
	t.Parallel()
	long := inboundOf(whatsapp.Inbound{Kind: whatsapp.KindText, Text: strings.Repeat("ñ", 100_000)}, time.Now())
	require.Equal(t, longestText, utf8.RuneCountInString(long.Text))
	rapid.Check(t, func(r *rapid.T) {
		text := rapid.String().Draw(r, "text")
		most := rapid.IntRange(0, 30).Draw(r, "most")
		last := lastCharacters(text, most)
		if !strings.HasSuffix(text, last) || utf8.RuneCountInString(last) != min(most, utf8.RuneCountInString(text)) || cut(text) != text {
			r.Fatalf("%q", last)
		}
	})
}
