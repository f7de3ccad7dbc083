package whatsapp

import (
	"errors"
	"strings"
	"unicode"
)

// ErrPhone is returned for a text that cannot be a complete phone number; it never contains the text.
var ErrPhone = errors.New("not a complete phone number")

const (
	argentina        = "54"
	argentineMobile  = "549"
	nationalDigits   = 10 // area code and subscriber number together, in all of Argentina
	domesticMobile   = "15"
	shortestWorld    = 8
	longestWorld     = 15 // E.164
	buenosAires      = "11"
	shortestUnmarked = 10 // without + or 00 a shorter number lacks its area code
)

// CanonicalPhone reads a phone number as people write it, an Argentine one in any domestic or international spelling
// ("+54 9 11 1234-5678", "011 15-1234-5678", "(02944) 15-123456"), and returns the one form used to match customers: E.164
// digits without +, Argentine numbers as 54 and ten digits, without the 9 and the 15. Numbers of other countries keep
// their digits and need their country code. The error is [ErrPhone].
func CanonicalPhone(raw string) (string, error) {
	digits, international, ok := phoneDigits(raw)
	if !ok {
		return "", ErrPhone
	}
	if international {
		return canonicalInternational(digits)
	}
	if national, ok := nationalNumber(digits); ok {
		return argentina + national, nil
	}
	if len(digits) < shortestUnmarked || digits[0] == '0' {
		return "", ErrPhone
	}
	return canonicalInternational(digits)
}

// CanonicalWaID returns the canonical form of a WhatsApp id, which always carries its country code: "5491112345678" and
// "541112345678" are one customer, "541112345678". The error is [ErrPhone].
func CanonicalWaID(waID string) (string, error) {
	digits, _, ok := phoneDigits(waID)
	if !ok {
		return "", ErrPhone
	}
	return canonicalInternational(digits)
}

func canonicalInternational(digits string) (string, error) {
	if rest, found := strings.CutPrefix(digits, argentina); found {
		national, ok := nationalNumber(rest)
		if !ok {
			return "", ErrPhone
		}
		return argentina + national, nil
	}
	if len(digits) < shortestWorld || len(digits) > longestWorld || digits[0] == '0' {
		return "", ErrPhone
	}
	return digits, nil
}

// nationalNumber strips what Argentines put around the ten digits: the 9 of international mobile numbers, the 0 of trunk
// calls, and the 15 between area code and subscriber. No area code begins with 9, 0 or 5.
func nationalNumber(digits string) (string, bool) {
	digits = strings.TrimLeft(digits, "0")
	if len(digits) > nationalDigits && digits[0] == '9' {
		digits = strings.TrimLeft(digits[1:], "0")
	}
	switch len(digits) {
	case nationalDigits + len(domesticMobile):
		digits = withoutDomesticMobile(digits)
	case nationalDigits:
		// "15 1234-5678": only Buenos Aires has subscribers of eight digits.
		if rest, found := strings.CutPrefix(digits, domesticMobile); found {
			digits = buenosAires + rest
		}
	}
	if len(digits) != nationalDigits {
		return "", false
	}
	return digits, strings.HasPrefix(digits, buenosAires) || digits[0] == '2' || digits[0] == '3'
}

// withoutDomesticMobile finds the 15 after an area code of two (only 11), three or four digits. It cannot stand after
// three and after four at once, so no list of area codes is needed.
func withoutDomesticMobile(digits string) string {
	for _, area := range []int{2, 3, 4} {
		if (area == 2) == strings.HasPrefix(digits, buenosAires) && digits[area:area+2] == domesticMobile {
			return digits[:area] + digits[area+2:]
		}
	}
	return digits
}

// phoneDigits drops the punctuation of a written number; letters and other signs make it no number.
func phoneDigits(raw string) (digits string, international, ok bool) {
	var kept strings.Builder
	plus := false
	for _, r := range raw {
		switch {
		case r >= '0' && r <= '9':
			kept.WriteRune(r)
		case r == '+' && kept.Len() == 0 && !plus:
			plus = true
		case strings.ContainsRune("-.()/", r), unicode.IsSpace(r), unicode.Is(unicode.Pd, r), unicode.Is(unicode.Cf, r):
			// Cf are the invisible direction marks that come along when a number is copied from a contact card.
		default:
			return "", false, false
		}
	}
	digits = kept.String()
	if rest, found := strings.CutPrefix(digits, "00"); found && !plus {
		digits, plus = rest, true
	}
	return digits, plus, digits != ""
}

// withoutMobileNine turns the WhatsApp id of an Argentine mobile, 549 and ten digits, into the form without the 9.
func withoutMobileNine(digits string) (string, bool) {
	rest, found := strings.CutPrefix(digits, argentineMobile)
	if !found || len(rest) != nationalDigits {
		return "", false
	}
	return argentina + rest, true
}
