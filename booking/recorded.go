package booking

// CodeMoreThanDue refuses to record more money than is left to pay: an amount with a zero too many, or a receipt that shows one.
const CodeMoreThanDue Code = "more_than_due"

// RecordedFacts are what the verdict on money rests on that a person of the house saw.
type RecordedFacts struct {
	Amount      Money
	Reservation Status
	Deposit     Money
	Total       Money
	// Paid is what came before and was not returned.
	Paid Money
}

// JudgeRecorded says what recorded money means: [VerdictConfirm], [VerdictShort], [VerdictLate] or [VerdictCount], the sibling
// of [Judge] for cash and transfers. What has no place is refused instead of recorded, because nobody could return it:
// [CodeInvalidInput], [CodeMoreThanDue], [CodeWrongState].
func JudgeRecorded(f RecordedFacts) (Verdict, error) {
	switch {
	case f.Amount.Currency != f.Total.Currency:
		return "", Refuse(CodeInvalidInput, "the reservation is in %s", f.Total.Currency)
	case f.Amount.Centavos <= 0:
		return "", Refuse(CodeInvalidInput, "an amount is more than nothing")
	case f.Reservation == Cancelled:
		return "", Refuse(CodeWrongState, "the reservation is cancelled")
	case f.Total.Less(f.Paid.Plus(f.Amount)):
		return "", Refuse(CodeMoreThanDue, "%s is left to pay", f.Total.Minus(f.Paid).Decimal())
	}
	covered := !f.Paid.Plus(f.Amount).Less(f.Deposit)
	switch {
	case f.Reservation == PreReserved && covered:
		return VerdictConfirm, nil
	case f.Reservation == PreReserved:
		return VerdictShort, nil
	case f.Reservation == Expired && covered:
		return VerdictLate, nil
	case f.Reservation == Expired:
		return "", Refuse(CodeWrongState, "the hold is over and this does not cover the deposit")
	}
	return VerdictCount, nil
}
