package postgres

import "cabanas/booking"

// sampleCabins are what a new installation shows until the owner enters their own.
func sampleCabins(pictureURL func(name string) string) []booking.Accommodation {
	photo := func(name, caption string) booking.Photo {
		return booking.Photo{URL: pictureURL(name), Caption: caption}
	}
	return []booking.Accommodation{
		{
			Name: "Cabaña Los Cipreses", Type: booking.Cabin, Capacity: 4, Active: true,
			Description: "Cabaña de madera para cuatro entre cipreses, a diez minutos a pie del centro de Villa General Belgrano. " +
				"Hogar a leña, galería con parrilla y vista a las sierras.",
			Amenities: []string{"wifi", "parrilla", "hogar a leña", "cocina completa", "cochera", "ropa blanca", "pileta"},
			Photos: []booking.Photo{
				photo("cipreses-frente", "La cabaña entre los cipreses, con su parrilla"),
				photo("cipreses-parrilla", "La galería al atardecer"),
				photo("cipreses-hogar", "El hogar a leña y la ventana a las sierras"),
			},
			Location: booking.Location{Address: "Los Manantiales 450", City: "Villa General Belgrano", Province: "Córdoba",
				Latitude: -31.9786, Longitude: -64.5569},
			CheckInText: "La llave está en la caja junto a la puerta; el código te llega el día del ingreso.",
			Rate: booking.Rate{
				Base: booking.Pesos(85_000), WeekendPercent: 120, CleaningFee: booking.Pesos(18_000), MinNights: 2,
				LengthDiscounts: []booking.LengthDiscount{{Nights: 7, Percent: 10}},
			},
		},
		{
			Name: "Cabaña Nahuel", Type: booking.Cabin, Capacity: 6, Active: true,
			Description: "Seis personas frente al lago Nahuel Huapi, en Bariloche: dos dormitorios y entrepiso, salamandra, " +
				"deck con bajada a la costa.",
			Amenities: []string{"wifi", "vista al lago", "salamandra", "cocina completa", "cochera", "ropa blanca", "lavarropas"},
			Photos: []booking.Photo{
				photo("nahuel-lago", "La cabaña frente al lago, con bajada a la costa"),
				photo("nahuel-deck", "El deck cuando cae el sol"),
				photo("nahuel-salamandra", "La salamandra y el entrepiso"),
			},
			Location: booking.Location{Address: "Av. Bustillo km 12,5", City: "San Carlos de Bariloche", Province: "Río Negro",
				Latitude: -41.1149, Longitude: -71.4256},
			CheckInText: "Te recibe Marta en la casa de adelante, tocá el timbre al llegar.",
			Rate: booking.Rate{
				Base: booking.Pesos(140_000), WeekendPercent: 125, CleaningFee: booking.Pesos(30_000),
				GuestsIncluded: 4, ExtraGuest: booking.Pesos(15_000), MinNights: 2,
				LengthDiscounts: []booking.LengthDiscount{{Nights: 5, Percent: 5}, {Nights: 7, Percent: 12}},
			},
		},
		{
			Name: "Refugio El Coihue", Type: booking.Cabin, Capacity: 2, Active: true,
			Description: "Refugio para dos en Villa La Angostura, rodeado de coihues: cama doble bajo el techo de vidrio, " +
				"bañera y desayuno de la casa.",
			Amenities: []string{"wifi", "desayuno", "bañera", "calefacción central", "cochera", "ropa blanca"},
			Photos: []booking.Photo{
				photo("coihue-nieve", "El refugio entre coihues, con nieve"),
				photo("coihue-cama", "La cama bajo el techo de vidrio"),
			},
			Location: booking.Location{Address: "Los Notros 120", City: "Villa La Angostura", Province: "Neuquén",
				Latitude: -40.7617, Longitude: -71.6463},
			CheckInText: "El portón abre con el código que te llega el día del ingreso.",
			Rate:        booking.Rate{Base: booking.Pesos(98_000), WeekendPercent: 130, CleaningFee: booking.Pesos(15_000), MinNights: 1},
		},
	}
}
