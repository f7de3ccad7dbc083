package config

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Problem is one setting that is missing or wrong.
type Problem struct {
	Variable string // Name of the environment variable.
	Reason   string // What is wrong and what would be right; never the value of a secret.
}

// Error names the variable first, so that a list of problems can be read down its left edge.
func (p Problem) Error() string { return p.Variable + ": " + p.Reason }

// Problems is every problem Load found, in the order of .env.template.
type Problems []Problem

// Error lists one problem per line.
func (p Problems) Error() string {
	lines := make([]string, len(p))
	for i, problem := range p {
		lines[i] = "  " + problem.Error()
	}
	return "settings:\n" + strings.Join(lines, "\n")
}

// Load reads every setting through getenv (os.Getenv in main) and requires all that the API and the worker need. The error, when
// there is one, is Problems with everything that is wrong.
func Load(getenv func(string) string) (Config, error) {
	return load(getenv, func(v variable) bool { return v.required || v.production })
}

// LoadOnly is Load for commands that need few settings, such as migrate: it requires just the named variables, but whatever else is
// set must still be valid; a setting that only production requires is required there only. It panics on a name that is not a setting.
func LoadOnly(getenv func(string) string, required ...string) (Config, error) {
	for _, name := range required {
		if !slices.Contains(Names(), name) {
			panic(fmt.Sprintf("config: %s is not a setting", name))
		}
	}
	return load(getenv, func(v variable) bool { return slices.Contains(required, v.name) })
}

func load(getenv func(string) string, required func(variable) bool) (Config, error) {
	var (
		cfg      Config
		problems Problems
	)
	for _, v := range variables {
		value := strings.TrimSpace(getenv(v.name))
		if value == "" && v.fallback != nil {
			value = v.fallback(cfg)
		}
		if value == "" {
			if required(v) && (!v.production || cfg.IsProduction()) {
				problems = append(problems, Problem{v.name, "is not set (" + v.meaning + ")"})
			}
			continue
		}
		if err := v.set(&cfg, value); err != nil {
			problems = append(problems, Problem{v.name, err.Error()})
			continue
		}
		if cfg.IsProduction() && v.refuseInProduction != nil {
			if reason := v.refuseInProduction(cfg); reason != "" {
				problems = append(problems, Problem{v.name, reason})
			}
		}
	}
	if len(problems) > 0 {
		return Config{}, problems
	}
	return cfg, nil
}

// Names lists every variable Load reads, in the order of .env.template.
func Names() []string {
	names := make([]string, len(variables))
	for i, v := range variables {
		names[i] = v.name
	}
	return names
}

// AsProblems returns the single problems inside an error of Load, or nil when it is another error.
func AsProblems(err error) Problems {
	var problems Problems
	errors.As(err, &problems)
	return problems
}
