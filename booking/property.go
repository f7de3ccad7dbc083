package booking

import (
	"strings"
	"unicode"
)

// PropertyChange is what the owner wants different about the property; nil stays as it is.
type PropertyChange struct {
	Name *string
	// CheckInTime and CheckOutTime are minutes after local midnight.
	CheckInTime, CheckOutTime *int
	// DepositPercent of 0 takes the installation's again.
	DepositPercent *int
	// DepositFixed of zero asks for the percentage again. Its currency is the property's.
	DepositFixed  *Money
	BalanceMode   *BalanceMode
	BalanceDays   *int
	TransferHours *int
	// TransferDetails that are empty mean that no transfers are taken.
	TransferDetails *string
}

// The longest texts of a property, in characters.
const (
	longestPropertyName    = 60
	longestTransferDetails = 500
)

// Bounds of a property's numbers; the schema has the same.
const (
	minutesOfDay     = 24 * 60
	mostBalanceDays  = 90
	mostTransferHour = 120
	// mostDeposit keeps a slip of the finger from asking for more than any stay costs.
	mostDeposit = 100_000_000
)

// Apply returns the property as it is after the change. What breaks a rule is [CodeInvalidInput].
func (c PropertyChange) Apply(p Property) (Property, error) {
	set(&p.Name, c.Name)
	set(&p.CheckInTime, c.CheckInTime)
	set(&p.CheckOutTime, c.CheckOutTime)
	set(&p.DepositPercent, c.DepositPercent)
	set(&p.DepositFixed, c.DepositFixed)
	set(&p.Payments.BalanceMode, c.BalanceMode)
	set(&p.Payments.BalanceDays, c.BalanceDays)
	set(&p.Payments.TransferHours, c.TransferHours)
	set(&p.Payments.TransferDetails, c.TransferDetails)
	p.Name, p.Payments.TransferDetails = strings.TrimSpace(p.Name), strings.TrimSpace(p.Payments.TransferDetails)
	if p.DepositFixed.Currency == "" {
		p.DepositFixed.Currency = p.Currency
	}
	return p, p.check()
}

func (p Property) check() error {
	switch terms := p.Payments; {
	case p.Name == "" || len([]rune(p.Name)) > longestPropertyName || !readable(p.Name, false):
		return Refuse(CodeInvalidInput, "name must be one line of 1 to %d characters", longestPropertyName)
	case !within(p.CheckInTime, 0, minutesOfDay-1) || !within(p.CheckOutTime, 0, minutesOfDay-1):
		return Refuse(CodeInvalidInput, "check-in and check-out must be times of a day")
	case p.CheckInTime < p.CheckOutTime:
		return Refuse(CodeInvalidInput, "guests cannot come in before those of the night before have left")
	case !within(p.DepositPercent, 0, 100):
		return Refuse(CodeInvalidInput, "deposit percent must be 1 to 100, or 0 for the installation's")
	case p.DepositFixed.Currency != p.Currency || p.DepositFixed.Centavos < 0 || Pesos(mostDeposit).Centavos < p.DepositFixed.Centavos ||
		p.DepositFixed.UpToWholeUnit() != p.DepositFixed:
		return Refuse(CodeInvalidInput, "a fixed deposit must be a whole amount of up to %d in %s, or 0 for none", mostDeposit, p.Currency)
	case terms.BalanceMode != BalanceOnArrival && terms.BalanceMode != BalanceByLink:
		return Refuse(CodeInvalidInput, "balance mode must be %s or %s", BalanceOnArrival, BalanceByLink)
	case !within(terms.BalanceDays, 1, mostBalanceDays):
		return Refuse(CodeInvalidInput, "balance days must be 1 to %d", mostBalanceDays)
	case !within(terms.TransferHours, 1, mostTransferHour):
		return Refuse(CodeInvalidInput, "transfer hours must be 1 to %d", mostTransferHour)
	case len([]rune(terms.TransferDetails)) > longestTransferDetails || !readable(terms.TransferDetails, true):
		return Refuse(CodeInvalidInput, "transfer details must be at most %d printable characters", longestTransferDetails)
	}
	return nil
}

func set[T any](field *T, value *T) {
	if value != nil {
		*field = *value
	}
}

func within(n, least, most int) bool { return least <= n && n <= most }

// readable reports whether people see every character of a text.
func readable(text string, lines bool) bool {
	return !strings.ContainsFunc(text, func(r rune) bool {
		return !unicode.IsPrint(r) && (r != '\n' || !lines) || r == unicode.ReplacementChar
	})
}
