package understanding

import "cabanas/booking"

// Fields is an [Understanding] as others read it (DESIGN section 8): null where the message does not say it, dates as
// YYYY-MM-DD. Zero pets is a value, "sin mascotas"; zero guests is not.
type Fields struct {
	Intent     Intent  `json:"intent"`
	Confidence float64 `json:"confidence"`
	CheckIn    *string `json:"check_in"`
	CheckOut   *string `json:"check_out"`
	Nights     *int    `json:"nights"`
	Guests     *int    `json:"guests"`
	Adults     *int    `json:"adults"`
	Children   *int    `json:"children"`
	Pets       *int    `json:"pets"`
	Language   *string `json:"language"`
}

// Fields returns u with null for what is unknown.
func (u Understanding) Fields() Fields {
	f := Fields{
		Intent: u.Intent, Confidence: u.Confidence, CheckIn: isoDay(u.CheckIn), CheckOut: isoDay(u.CheckOut), Nights: known(u.Nights),
		Guests: known(u.Guests), Adults: known(u.Adults), Children: known(u.Children), Pets: known(u.Pets), Language: known(u.Language),
	}
	if u.NoChildren {
		f.Children = new(int)
	}
	if u.NoPets {
		f.Pets = new(int)
	}
	return f
}

func known[T comparable](value T) *T {
	if value == *new(T) {
		return nil
	}
	return &value
}

func isoDay(d booking.Date) *string {
	if d.IsZero() {
		return nil
	}
	return known(d.String())
}
