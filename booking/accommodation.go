package booking

import "time"

// AccommodationType is what kind of place is rented out.
type AccommodationType string

// The kinds of accommodation.
const (
	Cabin     AccommodationType = "cabin"
	Apartment AccommodationType = "apartment"
	House     AccommodationType = "house"
	Room      AccommodationType = "room"
)

// Accommodation is one place that is rented as a whole, with what is needed to price and offer it.
type Accommodation struct {
	ID       int64
	Name     string
	Type     AccommodationType
	Capacity int
	Active   bool
	Rate     Rate

	Description string
	Amenities   []string
	Photos      []Photo
	Location    Location
	// CheckInText tells a confirmed guest how to get in.
	CheckInText string
	// Cancellation is a policy of its own; nil is the property's.
	Cancellation *CancellationPolicy
}

// CancellationIn is the policy that a booking made now keeps.
func (a Accommodation) CancellationIn(property Property) CancellationPolicy {
	if a.Cancellation != nil {
		return *a.Cancellation
	}
	return property.Cancellation
}

// Photo is a picture of an accommodation, best first.
type Photo struct {
	URL     string `json:"url"`
	Caption string `json:"caption,omitempty"`
}

// Location is where an accommodation is.
type Location struct {
	Address   string  `json:"address,omitempty"`
	City      string  `json:"city,omitempty"`
	Province  string  `json:"province,omitempty"`
	Latitude  float64 `json:"lat,omitempty"`
	Longitude float64 `json:"lng,omitempty"`
}

// Property is the business that owns accommodations: its clock, currency, house times and limits.
type Property struct {
	ID       int64
	Name     string
	Location *time.Location
	Currency string
	// CheckInTime and CheckOutTime are minutes after local midnight.
	CheckInTime  int
	CheckOutTime int
	Limits       Limits
	// DepositPercent of the total is asked to confirm, rounded up to whole pesos; 1 to 100, or 0 where the property has none of
	// its own and the installation's is used.
	DepositPercent int
	// DepositFixed is asked instead, of accommodations without a sum of their own; zero asks for the percentage.
	DepositFixed Money
	Cancellation CancellationPolicy
	Payments     PaymentTerms
}
