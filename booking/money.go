package booking

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
)

// ARS is the currency of every property until one names another.
const ARS = "ARS"

// Money is an amount in hundredths of its currency (centavos) with the ISO 4217 code. The zero Money is no amount.
type Money struct {
	Centavos int64
	Currency string
}

// Pesos returns whole Argentine pesos.
func Pesos(pesos int64) Money { return Money{Centavos: pesos * 100, Currency: ARS} }

// Centavos returns Argentine centavos.
func Centavos(centavos int64) Money { return Money{Centavos: centavos, Currency: ARS} }

// IsZero reports whether the amount is nothing, whatever the currency.
func (m Money) IsZero() bool { return m.Centavos == 0 }

// Plus returns the sum; both must be of one currency, an empty currency takes the other's.
func (m Money) Plus(other Money) Money {
	return Money{Centavos: m.Centavos + other.Centavos, Currency: m.sameCurrency(other)}
}

// Minus returns the difference; both must be of one currency, an empty currency takes the other's.
func (m Money) Minus(other Money) Money {
	return Money{Centavos: m.Centavos - other.Centavos, Currency: m.sameCurrency(other)}
}

// Less reports whether m is smaller than other of the same currency.
func (m Money) Less(other Money) bool {
	m.sameCurrency(other)
	return m.Centavos < other.Centavos
}

// Adding pesos to dollars is a bug of ours, never an input: inputs in another currency are refused before they get here.
func (m Money) sameCurrency(other Money) string {
	if m.Currency == "" {
		return other.Currency
	}
	if other.Currency != "" && m.Currency != other.Currency {
		panic(fmt.Sprintf("money of two currencies in one sum: %s and %s", m.Currency, other.Currency))
	}
	return m.Currency
}

// Times returns the amount n times.
func (m Money) Times(n int) Money {
	return Money{Centavos: m.Centavos * int64(n), Currency: m.Currency}
}

// Percent returns percent hundredths of the amount, half centavos rounded away from zero.
func (m Money) Percent(percent int) Money {
	return Money{Centavos: roundedDivision(m.Centavos*int64(percent), 100), Currency: m.Currency}
}

// UpToWholeUnit rounds up to the next whole unit of the currency (whole pesos).
func (m Money) UpToWholeUnit() Money {
	if rest := m.Centavos % 100; rest > 0 {
		m.Centavos += 100 - rest
	}
	return m
}

func roundedDivision(a, b int64) int64 {
	if a < 0 {
		return -roundedDivision(-a, b)
	}
	return (a + b/2) / b
}

// Decimal returns the amount with a point and two decimals, "15000.00", the form of our HTTP API.
func (m Money) Decimal() string {
	sign, centavos := "", m.Centavos
	if centavos < 0 {
		sign, centavos = "-", -centavos
	}
	return fmt.Sprintf("%s%d.%02d", sign, centavos/100, centavos%100)
}

// ParseDecimal reads "15000", "15000.5" or "15000.50"; more than two decimals that are not zero, signs other than a
// leading minus, exponents and anything else are errors.
func ParseDecimal(decimal, currency string) (Money, error) {
	whole, fraction, _ := strings.Cut(decimal, ".")
	fraction = strings.TrimRight(fraction, "0")
	if len(fraction) > 2 {
		return Money{}, fmt.Errorf("amount %q has fractions of a centavo", decimal)
	}
	for _, r := range strings.TrimPrefix(whole, "-") + fraction {
		if r < '0' || r > '9' {
			return Money{}, fmt.Errorf("amount %q is not a decimal number", decimal)
		}
	}
	centavos, err := strconv.ParseInt(whole+(fraction + "00")[:2], 10, 64)
	if err != nil || strings.TrimPrefix(whole, "-") == "" {
		return Money{}, fmt.Errorf("amount %q is not a decimal number within range", decimal)
	}
	return Money{Centavos: centavos, Currency: currency}, nil
}

type moneyJSON struct {
	Amount   string `json:"amount"`
	Currency string `json:"currency"`
}

// MarshalJSON gives {"amount":"15000.00","currency":"ARS"}.
func (m Money) MarshalJSON() ([]byte, error) {
	return json.Marshal(moneyJSON{Amount: m.Decimal(), Currency: m.Currency})
}

// UnmarshalJSON reads {"amount":"15000.00","currency":"ARS"}.
func (m *Money) UnmarshalJSON(data []byte) error {
	var wire moneyJSON
	if err := json.Unmarshal(data, &wire); err != nil {
		return fmt.Errorf("money: %w", err)
	}
	parsed, err := ParseDecimal(wire.Amount, wire.Currency)
	if err != nil {
		return err
	}
	*m = parsed
	return nil
}

// String returns the amount as people in Argentina write it, "$ 1.234,56"; other currencies carry their code.
func (m Money) String() string {
	sign, centavos := "", m.Centavos
	if centavos < 0 {
		sign, centavos = "-", -centavos
	}
	text := sign + grouped(centavos/100)
	if rest := centavos % 100; rest != 0 {
		text += fmt.Sprintf(",%02d", rest)
	}
	if m.Currency != "" && m.Currency != ARS {
		return m.Currency + " " + text
	}
	return "$ " + text
}

func grouped(n int64) string {
	digits := strconv.FormatInt(n, 10)
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "." + digits[i:]
	}
	return digits
}
