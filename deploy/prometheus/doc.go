// Package prometheus holds no code: the rules and the configuration of Prometheus, and the tests that hold them and Grafana's dashboards
// against the metrics that exist.
package prometheus
