package postgres

// ReservationQuery lets tests look at the plan of a list.
var ReservationQuery = reservationQuery
