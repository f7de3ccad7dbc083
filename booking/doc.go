// Package booking is the domain of Cabañas: stays, money, prices, the life of a reservation and what a payment means.
//
// It is pure. It knows no database, no clock of its own and no outside service: every function gets what it needs and
// returns a decision or a typed refusal (see [Error]). Everything that must be true about a booking is said here once and
// enforced a second time by the database (see the migrations).
//
// Dates are civil dates of the property ([Date]), money is integer centavos ([Money]).
package booking
