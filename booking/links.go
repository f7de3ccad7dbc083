package booking

// LinkKind says what a payment link asks for.
type LinkKind string

// The kinds of payment link.
const (
	LinkDeposit LinkKind = "deposit" // the part of the price that confirms a hold
	LinkBalance LinkKind = "balance" // the rest, of a confirmed reservation
)
