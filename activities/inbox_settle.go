package activities

import (
	"slices"
	"strings"
	"time"

	"cabanas/booking"
	"cabanas/dialogue"
	"cabanas/dialogue/understanding"
	"cabanas/workflows"
)

// signalOf tells the conversation how long the rest of a message may still be on its way.
func (i *Inbox) signalOf(messageID int64, inbound dialogue.Inbound) workflows.MessageSignal {
	signal := workflows.MessageSignal{MessageID: messageID, Free: inbound.Kind != dialogue.InboundChoice}
	if inbound.Kind == dialogue.InboundText && i.Settle > 0 && isPiece(inbound.Text, inbound.SentAt) {
		signal.Settle = i.Settle
	}
	return signal
}

const (
	// mostPieceWords is the length up to which a text without data or a wish is taken for the beginning of something.
	mostPieceWords = 6
	// sureWish is how sure the reading must be for a wish to stand alone.
	sureWish = 0.6
)

// unfinished are words that nobody ends a thought with, in our three languages: the first announce a question.
var unfinished = []string{
	"consulta", "consultar", "consultarte", "consultita", "pregunta", "preguntar", "preguntarte", "saber", "pergunta", "duvida", "question",
	"y", "e", "o", "u", "a", "al", "de", "del", "desde", "hasta", "en", "para", "por", "con", "sin", "el", "la", "los", "las", "un", "una",
	"que", "pero", "porque", "entre", "como", "and", "or", "of", "from", "to", "until", "in", "for", "with", "the", "but", "da", "do",
	"das", "ate", "em", "com", "um", "uma",
}

// isPiece reports whether a guest who wrote this is probably still writing: a greeting, a few words without a date, people or a
// wish, or a sentence that breaks off. What is a question or tells something is answered at once.
func isPiece(text string, at time.Time) bool {
	text = strings.TrimSpace(text)
	words := understanding.Words(text)
	if breaksOff(text, words) {
		return true
	}
	if len(words) > mostPieceWords || strings.ContainsAny(text, "?0123456789") {
		return false
	}
	reading := understanding.Read(text, understanding.Context{Today: booking.DateIn(at, time.UTC)})
	if reading.HasData() || reading.Code != "" {
		return false
	}
	switch reading.Intent {
	case dialogue.IntentGreeting, dialogue.IntentOther, dialogue.IntentProvideInfo:
		return true
	}
	return reading.Confidence < sureWish
}

func breaksOff(text string, words []string) bool {
	if strings.HasSuffix(text, ",") || strings.HasSuffix(text, ":") {
		return true
	}
	endsInWord := len(words) > 1 && !strings.HasSuffix(text, "?") && !strings.HasSuffix(text, "!")
	return endsInWord && slices.Contains(unfinished, words[len(words)-1])
}
