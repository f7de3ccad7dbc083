package prometheus_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// What of PromQL is looked at: promtool has parsed it before, so that words can be told apart by what stands around them.
var (
	selector  = regexp.MustCompile(`([a-zA-Z_:][a-zA-Z0-9_:]*)\s*\{([^}]*)\}`)
	matcher   = regexp.MustCompile(`(\w+)\s*(=~|!~|!=|=)\s*"([^"]*)"`)
	grouping  = regexp.MustCompile(`\b(by|without|on|ignoring|group_left|group_right)\s*\(([^)]*)\)`)
	duration  = regexp.MustCompile(`\[[^\]]*\]|\boffset\s+\w+`)
	word      = regexp.MustCompile(`[a-zA-Z_:][a-zA-Z0-9_:]*`)
	operators = []string{"or", "and", "unless", "bool", "by", "without", "on", "ignoring", "group_left", "group_right", "inf", "nan"}
)

// labelsOf returns the names of the metrics that an expression asks for and the labels that they have together.
func (k known) labelsOf(expr string) (names, labels []string) {
	bare := duration.ReplaceAllString(grouping.ReplaceAllString(selector.ReplaceAllString(expr, "$1 "), ""), "")
	for _, at := range word.FindAllStringIndex(bare, -1) {
		name, after := bare[at[0]:at[1]], strings.TrimLeft(bare[at[1]:], " \n")
		isFunction := strings.HasPrefix(after, "(") || at[0] > 0 && strings.ContainsAny(bare[at[0]-1:at[0]], "0123456789.")
		if !isFunction && !slices.Contains(operators, strings.ToLower(name)) && !slices.Contains(aggregations, name) {
			names = append(names, name)
			labels = append(labels, keys(k[name].labels)...)
		}
	}
	return names, labels
}

// aggregations stand before their grouping, which is cut out above: what follows them then is the parenthesis or nothing.
var aggregations = []string{"sum", "min", "max", "avg", "count", "topk", "bottomk", "quantile"}

// faults are the metrics, labels and values of an expression that do not exist.
func (k known) faults(expr string) []string {
	var faults []string
	names, labels := k.labelsOf(expr)
	for _, name := range names {
		if _, found := k[name]; !found {
			faults = append(faults, "no metric "+name)
		}
	}
	if len(names) == 0 && !strings.Contains(expr, "vector(") {
		faults = append(faults, "asks for nothing")
	}
	for _, group := range grouping.FindAllStringSubmatch(expr, -1) {
		for label := range strings.SplitSeq(group[2], ",") {
			if label = strings.TrimSpace(label); label != "" && !slices.Contains(labels, label) {
				faults = append(faults, "no label "+label)
			}
		}
	}
	for _, found := range selector.FindAllStringSubmatch(expr, -1) {
		for _, match := range matcher.FindAllStringSubmatch(found[2], -1) {
			label, operator, value := match[1], match[2], match[3]
			if m := k[found[1]]; !m.labels[label] {
				faults = append(faults, fmt.Sprintf("no label %s of %s", label, found[1]))
			} else if !m.holds(label, operator, value) {
				faults = append(faults, fmt.Sprintf("no value %s of %s{%s}", value, found[1], label))
			}
		}
	}
	return faults
}

// open are labels whose values nobody lists beforehand.
var open = []string{"job", "service", "instance", "handler", "status", "failure_reason", "status_code", "task_queue", "le", "type", "mountpoint"}

// holds reports whether a label may have a value: one that is shown from zero, when the label is of a closed set.
func (m metric) holds(label, operator, value string) bool {
	if len(m.values[label]) == 0 || slices.Contains(open, label) {
		return true
	}
	wanted := []string{value}
	if strings.HasSuffix(operator, "~") {
		wanted = strings.Split(value, "|")
	}
	for _, one := range wanted {
		if !m.values[label][one] {
			return false
		}
	}
	return true
}
