package booking

import (
	"errors"
	"net/url"
	"slices"
	"strings"
)

// AccommodationChange is what the owner wants different about an accommodation; nil stays as it is.
type AccommodationChange struct {
	Name           *string
	Type           *AccommodationType
	Capacity       *int
	Active         *bool
	Base           *Money
	WeekendPercent *int
	CleaningFee    *Money
	// GuestsIncluded of 0 includes everybody.
	GuestsIncluded *int
	ExtraGuest     *Money
	MinNights      *int
	// DepositFixed of nothing asks for what the property asks.
	DepositFixed    *Money
	LengthDiscounts *[]LengthDiscount
	Description     *string
	Amenities       *[]string
	Photos          *[]Photo
	Location        *Location
	CheckInText     *string
}

// NewAccommodation is what an accommodation is before anything is said about it: offered, with weekends a fifth dearer.
func NewAccommodation() Accommodation {
	return Accommodation{Active: true, Rate: Rate{WeekendPercent: 120, MinNights: 1}}
}

// Bounds of an accommodation. WhatsApp shows some of the texts, in messages of its own limits.
const (
	longestCabinName   = 100
	mostCapacity       = 100
	longestDescription = 4000
	longestCheckInText = 2000
	mostAmenities      = 50
	longestAmenity     = 60
	mostPhotos         = 30
	longestAddress     = 2000
	longestCaption     = 200
	longestPlaceName   = 200
)

// Apply returns the accommodation as it is after the change, at its property. ownPictures is the address that pictures of ours
// begin with, also without https; empty where there are none. What breaks a rule is a [FieldError], or several joined.
func (c AccommodationChange) Apply(a Accommodation, property Property, ownPictures string) (Accommodation, error) {
	set(&a.Name, c.Name)
	set(&a.Type, c.Type)
	set(&a.Capacity, c.Capacity)
	set(&a.Active, c.Active)
	set(&a.Rate.Base, c.Base)
	set(&a.Rate.WeekendPercent, c.WeekendPercent)
	set(&a.Rate.CleaningFee, c.CleaningFee)
	set(&a.Rate.GuestsIncluded, c.GuestsIncluded)
	set(&a.Rate.ExtraGuest, c.ExtraGuest)
	set(&a.Rate.MinNights, c.MinNights)
	set(&a.Rate.DepositFixed, c.DepositFixed)
	set(&a.Rate.LengthDiscounts, c.LengthDiscounts)
	set(&a.Description, c.Description)
	set(&a.Amenities, c.Amenities)
	set(&a.Photos, c.Photos)
	set(&a.Location, c.Location)
	set(&a.CheckInText, c.CheckInText)
	a.Name, a.Description, a.CheckInText = strings.TrimSpace(a.Name), trimmedLines(a.Description), trimmedLines(a.CheckInText)
	refused := errors.Join(a.checkPrices(property.Currency), a.checkTexts())
	if c.Photos != nil {
		refused = errors.Join(refused, checkPhotos(a.Photos, ownPictures))
	}
	return a, refused
}

func (a Accommodation) checkPrices(currency string) error {
	var refused []error
	rate := a.Rate
	must(&refused, slices.Contains([]AccommodationType{Cabin, Apartment, House, Room}, a.Type), "type", "%s, %s, %s or %s", Cabin, Apartment, House, Room)
	must(&refused, within(a.Capacity, 1, mostCapacity), "capacity", "1 to %d guests", mostCapacity)
	must(&refused, rate.Base.Centavos > 0, "base_price", "more than nothing")
	mustBePrice(&refused, rate.Base, currency, "base_price")
	must(&refused, within(rate.WeekendPercent, 1, mostPercent), "weekend_percent", "1 to %d", mostPercent)
	mustBePrice(&refused, rate.CleaningFee, currency, "cleaning_fee")
	must(&refused, within(rate.GuestsIncluded, 0, a.Capacity), "guests_included", "0 for all, or at most the capacity")
	mustBePrice(&refused, rate.ExtraGuest, currency, "extra_guest")
	must(&refused, within(rate.MinNights, 1, mostMinNights), "min_nights", "1 to %d", mostMinNights)
	mustBePrice(&refused, rate.DepositFixed, currency, "deposit_fixed")
	must(&refused, rate.DepositFixed.UpToWholeUnit() == rate.DepositFixed, "deposit_fixed", "a whole amount")
	mustBeLadder(&refused, rate.LengthDiscounts)
	return errors.Join(refused...)
}

func (a Accommodation) checkTexts() error {
	var refused []error
	must(&refused, oneLine(a.Name, longestCabinName), "name", "one line of 1 to %d characters", longestCabinName)
	must(&refused, someLines(a.Description, longestDescription), "description", "at most %d printable characters", longestDescription)
	must(&refused, someLines(a.CheckInText, longestCheckInText), "check_in_text", "at most %d printable characters", longestCheckInText)
	must(&refused, len(a.Amenities) <= mostAmenities, "amenities", "at most %d", mostAmenities)
	for _, amenity := range a.Amenities {
		must(&refused, oneLine(amenity, longestAmenity), "amenities", "lines of 1 to %d characters", longestAmenity)
	}
	for _, text := range []string{a.Location.Address, a.Location.City, a.Location.Province} {
		must(&refused, text == "" || oneLine(text, longestPlaceName), "location", "lines of at most %d characters", longestPlaceName)
	}
	must(&refused, a.Location.Latitude >= -90 && a.Location.Latitude <= 90 && a.Location.Longitude >= -180 && a.Location.Longitude <= 180,
		"location", "a latitude of -90 to 90 and a longitude of -180 to 180")
	return errors.Join(refused...)
}

func checkPhotos(photos []Photo, ownPictures string) error {
	var refused []error
	must(&refused, len(photos) <= mostPhotos, "photos", "at most %d", mostPhotos)
	for _, photo := range photos {
		must(&refused, validPicture(photo.URL, ownPictures), "photos", "https addresses, or pictures of ours")
		must(&refused, photo.Caption == "" || oneLine(photo.Caption, longestCaption), "photos", "captioned with at most %d characters in a line", longestCaption)
	}
	return errors.Join(refused...)
}

// trimmedLines takes the line ends of web forms for what they mean.
func trimmedLines(text string) string {
	return strings.TrimSpace(strings.ReplaceAll(text, "\r\n", "\n"))
}

func someLines(text string, longest int) bool {
	return len([]rune(text)) <= longest && readable(text, true)
}

func validPicture(address, ownPictures string) bool {
	if len(address) > longestAddress || !readable(address, false) || strings.ContainsAny(address, " \"<>") {
		return false
	}
	if ownPictures != "" && strings.HasPrefix(address, ownPictures) {
		return true
	}
	parsed, err := url.Parse(address)
	return err == nil && parsed.Scheme == "https" && parsed.Host != "" && parsed.User == nil
}
