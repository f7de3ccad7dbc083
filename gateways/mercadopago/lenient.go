package mercadopago

import (
	"bytes"
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"time"

	"cabanas/booking"
)

// fields is a JSON object of which each member is read on its own, so that one wrong member spoils nothing else.
type fields map[string]json.RawMessage

func object(raw json.RawMessage) (fields, bool) {
	var members fields
	if err := json.Unmarshal(raw, &members); err != nil || members == nil {
		return nil, false
	}
	return members, true
}

// text returns a string member without NUL characters, or the literal of a number, or nothing.
func (f fields) text(name string) string {
	raw := bytes.TrimSpace(f[name])
	if len(raw) == 0 {
		return ""
	}
	if raw[0] == '"' {
		var text string
		if json.Unmarshal(raw, &text) != nil {
			return ""
		}
		return strings.ReplaceAll(text, "\x00", "")
	}
	var number json.Number
	if json.Unmarshal(raw, &number) != nil {
		return ""
	}
	return number.String()
}

func (f fields) flag(name string) bool {
	var value bool
	return json.Unmarshal(f[name], &value) == nil && value
}

// id returns a whole number given as a number or a string; a masked one ("***") is 0.
func (f fields) id(name string) int64 {
	number, _ := wholeNumber(f.text(name))
	return number
}

func wholeNumber(text string) (int64, bool) {
	number, err := strconv.ParseInt(text, 10, 64)
	if err != nil || number < 0 {
		return 0, false
	}
	return number, true
}

// moment reads a date with its offset, which Mercado Pago usually gives as -04:00; an illegible one is the zero time.
func (f fields) moment(name string) time.Time {
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999-0700"} {
		if moment, err := time.Parse(layout, f.text(name)); err == nil {
			return moment.UTC()
		}
	}
	return time.Time{}
}

// dateLayout is ISO 8601 with milliseconds and offset, as preferences want it.
const dateLayout = "2006-01-02T15:04:05.000-07:00"

// wireDate writes a moment; always in one zone, so that equal requests are equal byte by byte.
func wireDate(moment time.Time) string {
	return moment.In(time.FixedZone("", -4*60*60)).Format(dateLayout)
}

// wireAmount is an amount as a JSON number with two decimals.
type wireAmount booking.Money

// MarshalJSON writes the number from integer centavos.
func (a wireAmount) MarshalJSON() ([]byte, error) { return []byte(booking.Money(a).Decimal()), nil }

var (
	errNoAmount  = errors.New("amount is absent")
	errNotCents  = errors.New("amount is not a whole number of centavos within range")
	errNegative  = errors.New("amount is negative")
	errNotNumber = errors.New("amount is not a number")
)

const (
	longestAmount   = 40
	largestExponent = 15
	largestCentavos = 1e15
)

// amount reads a decimal number exactly. Its errors never repeat what was read.
func (f fields) amount(name, currency string) (booking.Money, error) {
	literal := f.text(name)
	if literal == "" {
		return booking.Money{Currency: currency}, errNoAmount
	}
	plain, err := withoutExponent(literal)
	if err != nil {
		return booking.Money{Currency: currency}, err
	}
	money, err := booking.ParseDecimal(plain, currency)
	switch {
	case err != nil || money.Centavos > largestCentavos:
		return booking.Money{Currency: currency}, errNotCents
	case money.Centavos < 0:
		return booking.Money{Currency: currency}, errNegative
	}
	return money, nil
}

// withoutExponent writes 1.5E3 as 1500: languages that hold money in floats print large amounts so.
func withoutExponent(literal string) (string, error) {
	if len(literal) > longestAmount {
		return "", errNotCents
	}
	mantissa, exponentText, found := strings.Cut(strings.ToLower(literal), "e")
	whole, fraction, _ := strings.Cut(mantissa, ".")
	if strings.Trim(strings.TrimPrefix(whole, "-")+fraction, "0123456789") != "" || strings.TrimPrefix(whole, "-") == "" {
		return "", errNotNumber
	}
	if !found {
		return literal, nil
	}
	exponent, err := strconv.Atoi(exponentText)
	if err != nil {
		return "", errNotNumber
	}
	if exponent < -largestExponent || exponent > largestExponent {
		return "", errNotCents
	}
	sign := ""
	if strings.HasPrefix(whole, "-") {
		sign, whole = "-", whole[1:]
	}
	digits, point := whole+fraction, len(whole)+exponent
	if point < 0 {
		digits, point = strings.Repeat("0", -point)+digits, 0
	}
	if point > len(digits) {
		digits += strings.Repeat("0", point-len(digits))
	}
	return sign + "0" + digits[:point] + "." + digits[point:], nil
}
