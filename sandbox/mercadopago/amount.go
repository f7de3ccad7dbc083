package mercadopago

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// amount is money in centavos. On the wire it is a JSON number with two decimals, such as 4500.00.
type amount int64

var errAmount = errors.New("must be a number with at most two decimals")

// MarshalJSON writes 4500.00.
func (a amount) MarshalJSON() ([]byte, error) {
	return []byte(a.String()), nil
}

// UnmarshalJSON reads a JSON number; strings are refused, as unit_price and amount must be numbers.
func (a *amount) UnmarshalJSON(raw []byte) error {
	raw = bytes.TrimSpace(raw)
	if len(raw) == 0 || raw[0] == '"' || string(raw) == "null" {
		return errAmount
	}
	parsed, err := parseAmount(string(raw))
	if err != nil {
		return err
	}
	*a = parsed
	return nil
}

func (a amount) String() string {
	sign := ""
	if a < 0 {
		sign, a = "-", -a
	}
	return fmt.Sprintf("%s%d.%02d", sign, a/100, a%100)
}

func parseAmount(s string) (amount, error) {
	whole, cents, _ := strings.Cut(s, ".")
	cents = strings.TrimRight(cents, "0")
	if len(cents) > 2 || len(whole) > 13 {
		return 0, errAmount
	}
	cents += strings.Repeat("0", 2-len(cents))
	n, err := strconv.ParseInt(whole+cents, 10, 64)
	if err != nil {
		return 0, errAmount
	}
	return amount(n), nil
}

// pesos is the amount as an Argentine reads it: $ 1.234,56.
func (a amount) pesos() string {
	whole := strconv.FormatInt(int64(a)/100, 10)
	var grouped []byte
	for i := range len(whole) {
		if i > 0 && (len(whole)-i)%3 == 0 {
			grouped = append(grouped, '.')
		}
		grouped = append(grouped, whole[i])
	}
	return fmt.Sprintf("$ %s,%02d", grouped, int64(a)%100)
}
