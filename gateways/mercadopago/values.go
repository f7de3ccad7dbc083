package mercadopago

import (
	"errors"
	"strconv"
	"strings"
	"time"

	"cabanas/booking"
	"cabanas/gateways/internal/lenient"
)

// id is a whole number, however it is written (12, "12", 12.0, 1.2e1); a masked one ("***") is 0.
func id(text string) int64 {
	if number, ok := wholeNumber(text); ok {
		return number
	}
	whole, fraction, fault := decimal(strings.TrimPrefix(text, "+"))
	if fault != "" || fraction != "" {
		return 0
	}
	number, _ := wholeNumber(whole)
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

// AmountFault is what is wrong with an amount; the set is closed and safe as a metric label.
type AmountFault string

// The faults.
const (
	AmountAbsent     AmountFault = "absent"
	AmountNotNumber  AmountFault = "not_a_number"          // masked ("***"), with separators, another JSON type
	AmountFraction   AmountFault = "fraction_of_a_centavo" // more than two decimals
	AmountOutOfRange AmountFault = "out_of_range"          // more than ten million million pesos
	AmountNegative   AmountFault = "negative"
)

// AmountError is an amount that cannot be trusted. It names the member, never what it held.
type AmountError struct {
	Field string
	Fault AmountFault
}

// Error gives the member and the fault.
func (e *AmountError) Error() string { return e.Field + ": " + string(e.Fault) }

const (
	longestAmount   = 40
	largestExponent = 15
	largestCentavos = 1e15
)

// amount reads a member as a decimal number, exactly; on a fault the money has no centavos.
func amount(item lenient.Object, field, currency string) (booking.Money, error) {
	centavos, fault := centavosOf(item.Text(field))
	if fault != "" {
		return booking.Money{Currency: currency}, &AmountError{Field: field, Fault: fault}
	}
	return booking.Money{Centavos: centavos, Currency: currency}, nil
}

func centavosOf(literal string) (int64, AmountFault) {
	if literal == "" {
		return 0, AmountAbsent
	}
	unsigned, negative := strings.CutPrefix(literal, "-")
	whole, fraction, fault := decimal(unsigned)
	switch {
	case fault != "":
		return 0, fault
	case len(fraction) > 2:
		return 0, AmountFraction
	}
	centavos, err := strconv.ParseInt(whole+fraction+strings.Repeat("0", 2-len(fraction)), 10, 64)
	switch {
	case err != nil || centavos > largestCentavos:
		return 0, AmountOutOfRange
	case negative && centavos > 0:
		return 0, AmountNegative
	}
	return centavos, ""
}

// decimal splits an unsigned number at its point and drops the zeros at the end of its fraction. An exponent is carried out:
// languages that hold money in floats write large amounts with one.
func decimal(literal string) (whole, fraction string, fault AmountFault) {
	if len(literal) > longestAmount {
		return "", "", AmountOutOfRange
	}
	mantissa, exponentText, scientific := strings.Cut(strings.ToLower(literal), "e")
	whole, fraction, _ = strings.Cut(mantissa, ".")
	if whole == "" || strings.Trim(whole+fraction, "0123456789") != "" {
		return "", "", AmountNotNumber
	}
	if scientific {
		exponent, err := strconv.Atoi(exponentText)
		switch {
		case errors.Is(err, strconv.ErrSyntax):
			return "", "", AmountNotNumber
		case err != nil || exponent > largestExponent:
			return "", "", AmountOutOfRange
		case exponent < -largestExponent:
			return "", "", AmountFraction
		}
		whole, fraction = shifted(whole, fraction, exponent)
	}
	return whole, strings.TrimRight(fraction, "0"), ""
}

// shifted moves the point by places, to the right when positive.
func shifted(whole, fraction string, places int) (newWhole, newFraction string) {
	digits, point := whole+fraction, len(whole)+places
	if point < 0 {
		digits, point = strings.Repeat("0", -point)+digits, 0
	}
	if point > len(digits) {
		digits += strings.Repeat("0", point-len(digits))
	}
	return "0" + digits[:point], digits[point:]
}
