package prometheus_test

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
)

type ruleFile struct {
	Groups []struct {
		Rules []rule
	}
}

type rule struct {
	Alert, Record, Expr string
	Labels, Annotations map[string]string
}

type dashboard struct {
	UID, Title  string
	Panels      []panel
	Annotations struct{ List []struct{ Expr string } }
}

type panel struct {
	Title, Type string
	Targets     []struct{ Expr, LegendFormat string }
	FieldConfig struct {
		Defaults struct {
			Unit       string
			Thresholds struct{ Steps []any }
		}
	}
}

func rules(t *testing.T, file string) []rule {
	t.Helper()
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	var read ruleFile
	require.NoError(t, yaml.Unmarshal(text, &read))
	var all []rule
	for _, group := range read.Groups {
		all = append(all, group.Rules...)
	}
	require.NotEmpty(t, all)
	return all
}

func dashboards(t *testing.T) []dashboard {
	t.Helper()
	files, err := filepath.Glob("../grafana/dashboards/*.json")
	require.NoError(t, err)
	require.Len(t, files, 3)
	var all []dashboard
	for _, file := range files {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		var board dashboard
		require.NoError(t, json.Unmarshal(text, &board), file)
		all = append(all, board)
	}
	return all
}

func TestPromtoolAcceptsEverything(t *testing.T) {
	t.Parallel()
	for _, arguments := range [][]string{
		{"check", "config", "prometheus.yml"}, {"check", "rules", "recording.yml", "alerts.yml"}, {"test", "rules", "alerts_test.yml"},
	} {
		output, err := exec.CommandContext(t.Context(), "promtool", arguments...).CombinedOutput()
		require.NoError(t, err, "promtool %v: %s", arguments, output)
	}
	if _, err := exec.LookPath("amtool"); err == nil {
		output, err := exec.CommandContext(t.Context(), "amtool", "check-config", "../alertmanager.yml").CombinedOutput()
		require.NoError(t, err, "%s", output)
	}
}

// The dashboards' questions are read by the same parser, as if each were a rule.
func TestPromtoolReadsTheDashboards(t *testing.T) {
	t.Parallel()
	var all []map[string]string
	for _, board := range dashboards(t) {
		for _, expr := range board.expressions() {
			all = append(all, map[string]string{"record": fmt.Sprintf("dashboard:panel:%d", len(all)), "expr": expr})
		}
	}
	text, err := yaml.Marshal(map[string]any{"groups": []any{map[string]any{"name": "dashboards", "rules": all}}})
	require.NoError(t, err)
	file := filepath.Join(t.TempDir(), "dashboards.yml")
	require.NoError(t, os.WriteFile(file, text, 0o600))
	output, err := exec.CommandContext(t.Context(), "promtool", "check", "rules", file).CombinedOutput()
	require.NoError(t, err, "%s", output)
}

func TestNothingAsksForAMetricThatDoesNotExist(t *testing.T) {
	t.Parallel()
	exists := existing(t)
	for _, rule := range rules(t, "recording.yml") {
		require.Empty(t, exists.faults(rule.Expr), rule.Record)
		_, labels := exists.labelsOf(rule.Expr)
		exists.add(rule.Record, labels)
	}
	for _, rule := range rules(t, "alerts.yml") {
		require.Empty(t, exists.faults(rule.Expr), rule.Alert)
		_, labels := exists.labelsOf(rule.Expr)
		for _, used := range regexp.MustCompile(`\$labels\.(\w+)`).FindAllStringSubmatch(fmt.Sprint(rule.Annotations), -1) {
			require.Contains(t, labels, used[1], rule.Alert)
		}
	}
	for _, board := range dashboards(t) {
		for _, expr := range board.expressions() {
			require.Empty(t, exists.faults(expr), "%s: %s", board.Title, expr)
		}
		for _, panel := range board.Panels {
			for _, target := range panel.Targets {
				_, labels := exists.labelsOf(target.Expr)
				for _, used := range regexp.MustCompile(`\{\{(\w+)\}\}`).FindAllStringSubmatch(target.LegendFormat, -1) {
					require.Contains(t, labels, used[1], "%s: %s", board.Title, panel.Title)
				}
			}
		}
	}
	// What the test is for.
	require.NotEmpty(t, exists.faults(`rate(ical_last_sync_timestamp[5m])`), "a metric that does not exist")
	require.NotEmpty(t, exists.faults(`sum by (client_ip) (rate(rate_limit_requests_blocked_total[5m]))`), "a label that does not exist")
	require.NotEmpty(t, exists.faults(`rate(reply_time_seconds_bucket{kind="voice"}[5m])`), "a value that does not exist")
}

func TestEveryAlertIsTestedAndExplained(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("alerts_test.yml")
	require.NoError(t, err)
	var tests struct{ Tests []struct{ Name string } }
	require.NoError(t, yaml.Unmarshal(text, &tests))
	var tested []string
	for _, test := range tests.Tests {
		tested = append(tested, test.Name)
	}
	runbook, err := os.ReadFile("../../docs/runbook.md")
	require.NoError(t, err)
	seen := map[string]bool{}
	for _, rule := range rules(t, "alerts.yml") {
		require.False(t, seen[rule.Alert], "%s is there twice", rule.Alert)
		seen[rule.Alert] = true
		require.Contains(t, tested, rule.Alert+" fires")
		require.Contains(t, tested, rule.Alert+" is quiet")
		require.Contains(t, []string{"warning", "critical"}, rule.Labels["severity"], rule.Alert)
		require.NotEmpty(t, rule.Annotations["summary"], rule.Alert)
		require.NotEmpty(t, rule.Annotations["description"], rule.Alert)
		anchor, found := strings.CutPrefix(rule.Annotations["runbook_url"], "docs/runbook.md#")
		require.True(t, found, rule.Alert)
		require.Contains(t, anchors(string(runbook)), anchor, rule.Alert)
	}
}

func TestDashboardsAreComplete(t *testing.T) {
	t.Parallel()
	for _, board := range dashboards(t) {
		require.NotEmpty(t, board.UID)
		require.NotEmpty(t, board.Title)
		for _, panel := range board.Panels {
			require.NotEmpty(t, panel.Title, board.Title)
			if panel.Type == "row" {
				continue
			}
			require.NotEmpty(t, panel.Targets, panel.Title)
			require.NotEmpty(t, panel.FieldConfig.Defaults.Unit, panel.Title)
			require.NotEmpty(t, panel.FieldConfig.Defaults.Thresholds.Steps, panel.Title)
		}
	}
}

func (d dashboard) expressions() []string {
	var all []string
	for _, annotation := range d.Annotations.List {
		all = append(all, annotation.Expr)
	}
	for _, panel := range d.Panels {
		for _, target := range panel.Targets {
			all = append(all, target.Expr)
		}
	}
	return all
}

// anchors are the fragments that the headings of a page have on GitHub.
func anchors(page string) []string {
	var all []string
	for _, heading := range regexp.MustCompile(`(?m)^#+ (.+)$`).FindAllStringSubmatch(page, -1) {
		text := regexp.MustCompile(`[^\p{L}\p{N} _-]`).ReplaceAllString(strings.ToLower(heading[1]), "")
		all = append(all, strings.ReplaceAll(text, " ", "-"))
	}
	return slices.Compact(all)
}
