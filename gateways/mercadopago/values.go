package mercadopago

import (
	"errors"
	"strconv"
	"strings"
	"time"

	"cabanas/booking"
)

// id is a whole number; a masked one ("***") is 0.
func id(text string) int64 {
	number, _ := wholeNumber(text)
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
func moment(text string) time.Time {
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999-0700"} {
		if read, err := time.Parse(layout, text); err == nil {
			return read.UTC()
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
func amount(literal, currency string) (booking.Money, error) {
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
