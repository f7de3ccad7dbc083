package ical

import (
	"bytes"
	"strings"
	"unicode"
	"unicode/utf8"
)

// readText undoes the escapes of a TEXT value, and reads bytes that are no UTF-8 as Latin-1, which it reports. Control
// characters become spaces.
func readText(value []byte) (text string, latin bool) {
	if !utf8.Valid(value) {
		runes := make([]rune, 0, len(value))
		for _, c := range value {
			runes = append(runes, rune(c))
		}
		value, latin = []byte(string(runes)), true
	}
	if bytes.IndexByte(value, '\\') >= 0 {
		value = unescaped(value)
	}
	return oneLine(string(value)), latin
}

func unescaped(value []byte) []byte {
	plain := make([]byte, 0, len(value))
	for i := 0; i < len(value); i++ {
		c := value[i]
		if c == '\\' && i+1 < len(value) {
			i++
			if c = value[i]; c == 'n' || c == 'N' {
				c = '\n'
			}
		}
		plain = append(plain, c)
	}
	return plain
}

// oneLine is the text with control characters as spaces and none of these at its ends.
func oneLine(text string) string {
	if strings.IndexFunc(text, unicode.IsControl) >= 0 {
		text = strings.Map(func(c rune) rune {
			if unicode.IsControl(c) {
				return ' '
			}
			return c
		}, text)
	}
	return strings.TrimSpace(text)
}
