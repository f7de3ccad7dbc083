package booking

import (
	"fmt"
	"regexp"
	"time"
)

// Receipt is everything a receipt shows, as it was when it was issued; nothing of it is personal.
type Receipt struct {
	// Number is what it is called, see [ReceiptNumber].
	Number   string    `json:"number"`
	Property string    `json:"property"`
	Unit     string    `json:"unit"`
	Code     string    `json:"code"`
	Stay     Stay      `json:"stay"`
	IssuedAt time.Time `json:"issued_at"`
	// Date is the day at the property when the money moved.
	Date   Date          `json:"date"`
	Method PaymentMethod `json:"method"`
	Amount Money         `json:"amount"`
	// Credit is true for money that went back.
	Credit bool `json:"credit,omitempty"`
	// Total of the stay, Paid until now without what went back, Balance still to be paid.
	Total   Money `json:"total"`
	Paid    Money `json:"paid"`
	Balance Money `json:"balance"`
}

// ReceiptNumber is what the nth receipt of a property is called: "R-0001-00000012".
func ReceiptNumber(property, n int64) string { return fmt.Sprintf("R-%04d-%08d", property, n) }

var receiptNumber = regexp.MustCompile(`^R-[0-9]{4,}-[0-9]{8,}$`)

// ValidReceiptNumber reports whether a text has the form of [ReceiptNumber].
func ValidReceiptNumber(text string) bool { return receiptNumber.MatchString(text) }

// ParseReceiptNumber reads what [ReceiptNumber] writes; anything else is [CodeInvalidInput].
func ParseReceiptNumber(text string) (property, n int64, err error) {
	if !ValidReceiptNumber(text) {
		return 0, 0, Refuse(CodeInvalidInput, "%q is no number of a receipt", text)
	}
	if _, err := fmt.Sscanf(text, "R-%d-%d", &property, &n); err != nil {
		return 0, 0, Refuse(CodeInvalidInput, "%q is no number of a receipt", text)
	}
	return property, n, nil
}
