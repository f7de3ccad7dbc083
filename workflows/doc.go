// Package workflows holds the processes of Cabañas as Temporal workflows: deterministic code only, no database, no person's
// data. Facts live in Postgres and are reached through activities, which this package knows by typed name alone (see
// activities.go); what to say, what it costs and what a payment means is decided inside those activities.
//
// Names of workflows, activities, signals, updates and their fields are wire format: fields are only added, names never change.
package workflows
