package main

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"cabanas/activities"
	"cabanas/booking"
	"cabanas/store/postgres"
)

func TestTheDayOfAReport(t *testing.T) {
	t.Parallel()
	day, err := dayOf("", true)
	require.NoError(t, err)
	require.True(t, day.IsZero())
	day, err = dayOf("2026-11-22", true)
	require.NoError(t, err)
	require.Equal(t, booking.MustDate("2026-11-22"), day)
	_, err = dayOf("22/11/2026", true)
	require.ErrorContains(t, err, "--day")
	_, err = dayOf("2026-11-22", false)
	require.ErrorContains(t, err, "--report")
}

func TestTheReportFollowsTheInvariants(t *testing.T) {
	t.Parallel()
	answer := auditAnswer{
		AuditReport: activities.AuditReport{Violations: []postgres.Violation{{Invariant: 2, Name: "broken", Rows: []string{"payment 7"}}}},
		Report: &activities.DailyReport{
			Day: booking.MustDate("2026-11-22"), TimeZone: "America/Argentina/Buenos_Aires",
			Taken:    []activities.MoneySum{{Of: "cash", Currency: "ARS", Payments: 2, Centavos: 3_000_050}},
			Open:     []activities.OpenSum{{Kind: "parked", Currency: "USD", Count: 1, Centavos: 100, Whose: []string{"payment 7"}}},
			Bookings: []activities.BookingSum{{Code: "RES261122ABCDEF", Currency: "ARS", Taken: 3_000_050, Kept: -5}},
		},
	}
	var text bytes.Buffer
	require.NoError(t, printAnswer(&text, answer))
	require.Regexp(t, `(?s)^audit: invariant 2 is broken: broken\n   payment 7\n\nmoney of 2026-11-22 \(America/Argentina/Buenos_Aires\)\n`, text.String())
	require.Regexp(t, `taken +cash +30000\.50 ARS +2 payments\nreturned +-\ndisputed +-\n`, text.String())
	require.Regexp(t, `parked +1\.00 USD +1 +payment 7\n`, text.String())
	require.Regexp(t, `RES261122ABCDEF +30000\.50 ARS .* -0\.05 ARS`, text.String())

	encoded, err := json.Marshal(answer)
	require.NoError(t, err)
	require.Contains(t, string(encoded), `"ok":false`)
	require.Contains(t, string(encoded), `"report":{"day":"2026-11-22"`)
	answer.Report = nil
	encoded, err = json.Marshal(answer)
	require.NoError(t, err)
	require.NotContains(t, string(encoded), "report")
}
