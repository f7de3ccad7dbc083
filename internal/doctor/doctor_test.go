package doctor_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"cabanas/internal/doctor"
)

func finds(findings ...doctor.Finding) func(context.Context) []doctor.Finding {
	return func(context.Context) []doctor.Finding { return findings }
}

func TestExamineKeepsTheOrderAndFailsWithOneFailure(t *testing.T) {
	t.Parallel()
	var checks []doctor.Check
	for name := range strings.SplitSeq("abcdefgh", "") {
		checks = append(checks, doctor.Check{Name: name, Look: finds(doctor.Fine("%s is there", name))})
	}
	report := doctor.Examine(t.Context(), checks)
	require.True(t, report.OK)
	require.Len(t, report.Checks, 8)
	require.Equal(t, "h", report.Checks[7].Name)

	checks[3].Look = finds(doctor.Fine("half"), doctor.Warn("mend it", "old"))
	require.True(t, doctor.Examine(t.Context(), checks).OK, "a warning is no failure")
	checks[3].Look = finds(doctor.Fail("mend it", "gone"))
	require.False(t, doctor.Examine(t.Context(), checks).OK)
}

func TestACheckThatHangsHasFailed(t *testing.T) {
	t.Parallel()
	forever := make(chan struct{})
	t.Cleanup(func() { close(forever) })
	report := doctor.Examine(t.Context(), []doctor.Check{{Name: "stuck", Patience: time.Millisecond, Look: func(context.Context) []doctor.Finding {
		<-forever
		return nil
	}}})
	require.False(t, report.OK)
	require.Equal(t, "no answer in 1ms", report.Checks[0].Detail)
}

func TestPrint(t *testing.T) {
	t.Parallel()
	report := doctor.Examine(t.Context(), []doctor.Check{
		{Name: "database", Look: finds(doctor.Fine("15.8"))},
		{Name: "redis", Look: finds(doctor.Fail("start it", "refused"), doctor.Skip("no version"))},
	})
	var text, object strings.Builder
	require.NoError(t, report.Print(&text))
	require.Equal(t, "ok    database       15.8\nFAIL  redis          refused\n"+strings.Repeat(" ", 20)+" → start it\n-     redis          no version\n\nchecks: 3, failed: 1, warnings: 0\n", text.String())
	require.NoError(t, report.PrintJSON(&object))
	var read doctor.Report
	require.NoError(t, json.Unmarshal([]byte(object.String()), &read))
	require.Equal(t, report, read)
}
