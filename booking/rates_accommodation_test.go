package booking_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"cabanas/booking"
)

func TestAnAccommodationIsChecked(t *testing.T) {
	t.Parallel()
	property := booking.Property{Currency: booking.ARS}
	const ours = "http://localhost:8000/samples/"
	sound := booking.AccommodationChange{Name: new(" Arrayán "), Type: new(booking.Cabin), Capacity: new(4), Base: new(booking.Pesos(80_000)),
		Description: new("Dos\r\nlíneas\r\n"), Photos: &[]booking.Photo{{URL: ours + "a.jpg"}, {URL: "https://x.ar/b.jpg", Caption: "El lago"}}}
	place, err := sound.Apply(booking.NewAccommodation(), property, ours)
	require.NoError(t, err)
	require.Equal(t, "Arrayán", place.Name)
	require.Equal(t, 1, place.Rate.MinNights)
	require.Equal(t, "Dos\nlíneas", place.Description, "as a web form sends it")

	photo := func(url string) booking.AccommodationChange {
		return booking.AccommodationChange{Photos: &[]booking.Photo{{URL: url}}}
	}
	for field, spoiled := range map[string][]booking.AccommodationChange{
		"name":             {{Name: new("")}, {Name: new("two\nlines")}, {Name: new(strings.Repeat("ñ", 101))}, {Name: new("a\x00b")}},
		"type":             {{Type: new(booking.AccommodationType("tent"))}},
		"capacity":         {{Capacity: new(0)}, {Capacity: new(101)}},
		"base_price":       {{Base: new(booking.Money{Currency: booking.ARS})}, {Base: new(booking.Money{Centavos: 5, Currency: "USD"})}, {Base: new(booking.Pesos(100_000_001))}},
		"weekend_percent":  {{WeekendPercent: new(0)}},
		"cleaning_fee":     {{CleaningFee: new(booking.Pesos(-1))}},
		"guests_included":  {{GuestsIncluded: new(5)}},
		"extra_guest":      {{ExtraGuest: new(booking.Money{Centavos: 5, Currency: "USD"})}},
		"min_nights":       {{MinNights: new(0)}},
		"deposit_fixed":    {{DepositFixed: new(booking.Centavos(150))}},
		"length_discounts": {{LengthDiscounts: &[]booking.LengthDiscount{{Nights: 1, Percent: 10}}}, {LengthDiscounts: &[]booking.LengthDiscount{{Nights: 7, Percent: 101}}}},
		"description":      {{Description: new("a\x07b")}},
		"check_in_text":    {{CheckInText: new(strings.Repeat("x", 2001))}},
		"amenities":        {{Amenities: &[]string{""}}},
		"photos": {photo("http://x.ar/a.jpg"), photo("javascript:alert(1)"), photo("https://"), photo("https://a:b@x.ar/"), photo("https://x.ar/\"onerror"),
			{Photos: &[]booking.Photo{{URL: "https://x.ar", Caption: "a\nb"}}}},
		"location": {{Location: &booking.Location{Latitude: 91}}, {Location: &booking.Location{City: "a\nb"}}},
	} {
		for _, change := range spoiled {
			_, err := change.Apply(place, property, ours)
			var refused *booking.FieldError
			require.ErrorAs(t, err, &refused, field)
			require.Equal(t, field, refused.Field)
		}
	}
}
