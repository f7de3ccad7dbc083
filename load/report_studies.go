package load

import "fmt"

// isStudy reports whether a scenario has tables of its own.
func isStudy(s ScenarioReport) bool { return s.Name == availabilityName || s.Name == memoryName }

func (r *Report) writeAnswers(t table) {
	for _, s := range r.where(func(s ScenarioReport) bool { return len(s.Answers) > 0 }) {
		t.row(s.Name, "cabins", "ours p50", "p99", "floor p50", "p99", "ratio", "growth", "floor's", "statements", "rows", "asked")
		for _, a := range s.Answers {
			statements, rows := "-", "-"
			if a.Statements > 0 {
				statements, rows = number(a.Statements), number(a.Rows)
			}
			t.row(a.Question, fmt.Sprint(a.Cabins), hundredths(a.P50), hundredths(a.P99), hundredths(a.FloorP50), hundredths(a.FloorP99),
				hundredths(a.Ratio), number(a.Growth), number(a.FloorGrowth), statements, rows, fmt.Sprint(a.Asked))
		}
		t.textf("Milliseconds, one at a time, floor and ours in turns. Two years of bookings, six nights of ten sold.")
	}
}

func (r *Report) writeMemory(t table) {
	for _, s := range r.where(func(s ScenarioReport) bool { return len(s.Memory) > 0 }) {
		t.row(s.Name, "stage", "resident MB", "highest", "more than idle", "Go heap MB", "goroutines")
		for _, m := range s.Memory {
			t.row(m.Part, m.Stage, number(m.RSSMB), number(m.PeakRSSMB), number(m.MoreMB), number(m.HeapMB), fmt.Sprint(m.Goroutines))
		}
		t.textf("For information: nothing is promised about memory.")
	}
}

func hundredths(v float64) string { return fmt.Sprintf("%.2f", v) }
