package load

import (
	_ "embed"
	"fmt"
	"strings"
)

//go:embed texts/questions.txt
var questionLines string

//go:embed texts/others.txt
var otherLines string

// questions are what guests ask as they write it; sample is that and whatever else they write.
var (
	questions = linesOf(questionLines)
	sample    = append(linesOf(otherLines), questions...)
)

func linesOf(file string) []string {
	var lines []string
	for line := range strings.Lines(file) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
			lines = append(lines, line)
		}
	}
	return lines
}

// datesQuestion is the n-th question about dates of a guest: always the same work, and never the same text twice in a while, which the
// bot would take for a machine.
func datesQuestion(n int) string {
	months := []string{"enero", "febrero", "marzo"}
	from := 1 + n%20
	return fmt.Sprintf("Hola! Tenés algo libre del %d al %d de %s para %d personas?", from, from+4, months[n/20%len(months)], cabinGuests)
}
