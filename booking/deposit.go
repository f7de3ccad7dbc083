package booking

// Deposit returns percent of total rounded up to whole units, never more than the total.
func Deposit(total Money, percent int) Money {
	return Money{Centavos: (total.Centavos*int64(percent) + 99) / 100, Currency: total.Currency}.UpToWholeUnit().atMost(total)
}

// depositOf is the fixed sum where there is one, in whole units and never more than the total, else the percentage.
func depositOf(total, fixed Money, percent int) Money {
	if fixed.Centavos <= 0 || fixed.Currency != total.Currency {
		return Deposit(total, percent)
	}
	return fixed.UpToWholeUnit().atMost(total)
}

func (m Money) atMost(most Money) Money {
	if most.Less(m) {
		return most
	}
	return m
}

// BalanceMode says how what is left after the deposit is paid.
type BalanceMode string

// The modes of a property.
const (
	BalanceOnArrival BalanceMode = "on_arrival" // to the owner
	BalanceByLink    BalanceMode = "link"       // by a payment link some days before the arrival
)

// PaymentMethod is how money came.
type PaymentMethod string

// The methods. Those beside the provider are recorded by a person who saw the money.
const (
	ByMercadoPago PaymentMethod = "mercadopago"
	ByCash        PaymentMethod = "cash"
	ByTransfer    PaymentMethod = "transfer"
)

// PaymentTerms are the rules of a property for money beside the deposit at the provider.
type PaymentTerms struct {
	BalanceMode BalanceMode
	// BalanceDays before the check-in the balance is asked for.
	BalanceDays int
	// TransferDetails are the account, alias and holder that guests are shown; empty means that no transfers are taken.
	TransferDetails string
	// TransferHours of business a guest has to transfer the deposit.
	TransferHours int
}
