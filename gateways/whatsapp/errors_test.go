package whatsapp

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestReasonOfEveryCode(t *testing.T) {
	t.Parallel()
	table := map[Reason][]int{
		ReasonTransient:      {1, 2, 131016, 131057, 133016, 131000},
		ReasonThroughput:     {4, 80007, 130429},
		ReasonPairRate:       {131056},
		ReasonWindowClosed:   {131047},
		ReasonRecipient:      {131026, 131030, 131021, 130497, 131049, 131050, 130472, 131062},
		ReasonMessageInvalid: {100, 131008, 131009, 131051, 131052, 131053, 132068, 132069, 135000},
		ReasonTemplate:       {132000, 132001, 132005, 132007, 132008, 132012, 132015, 132016},
		ReasonAccount:        {0, 190, 3, 10, 200, 210, 299, 131005, 131031, 131037, 131042, 131045, 131048, 368},
		ReasonUnknown:        {5, 199, 300, 999999, -1},
	}
	codes := 0
	for reason, list := range table {
		for _, code := range list {
			require.Equal(t, reason, reasonOf(code), code)
			require.Equal(t, reason, ReasonOfCode(strconv.Itoa(code)), code)
		}
		if reason != ReasonUnknown {
			codes += len(list)
		}
	}
	require.Len(t, reasonByCode, codes-3, "every code of the table is tested, the permission range beside it")
}

func TestOnlySafeReasonsAreRetryable(t *testing.T) {
	t.Parallel()
	want := map[Reason]bool{
		ReasonThroughput: true, ReasonPairRate: true, ReasonTransient: true, ReasonNotSent: true, ReasonAmbiguous: false,
		ReasonWindowClosed: false, ReasonRecipient: false, ReasonMessageInvalid: false, ReasonTemplate: false, ReasonAccount: false, ReasonUnknown: false,
	}
	for reason, retryable := range want {
		require.Equal(t, retryable, (&Error{Reason: reason}).Retryable(), reason)
	}
}

func TestErrorCarriesItsCauseAndReason(t *testing.T) {
	t.Parallel()
	err := fmt.Errorf("activity: %w", &Error{Operation: "send", Reason: ReasonAmbiguous, Cause: context.DeadlineExceeded})
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.Equal(t, ReasonAmbiguous, ReasonOf(err))
	require.Equal(t, ReasonUnknown, ReasonOf(errors.New("other")))
	require.Equal(t, "activity: whatsapp: send: ambiguous: context deadline exceeded", err.Error())
}

func TestRedactedLeavesNoNumberAndNoQuotation(t *testing.T) {
	t.Parallel()
	for given, want := range map[string]string{
		"(#131030) Recipient phone number not in allowed list": "(#131030) Recipient phone number not in allowed list",
		"Recipient 5491112345678 unknown":                      "Recipient [digits] unknown",
		"to +54 9 11 1234-5678.":                               "to [digits].",
		"to (011) 15-1234-5678":                                "to ([digits]",
		`Param text 'Hola, soy Ana' is too long`:               "Param text [text] is too long",
		`Value "5491112345678"`:                                "Value [text]",
		"limit 1024 of 4096":                                   "limit 1024 of 4096",
		"":                                                     "",
	} {
		require.Equal(t, want, redacted(given))
	}
	require.Len(t, redacted(strings.Repeat("x", 5000)), longestDetails)
}
