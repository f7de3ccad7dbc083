// Package temporal connects to the Temporal server: client, logs and metrics of the SDK, the namespace with its search
// attributes and schedules, and the calls with which the rest of the program starts and steers the workflows of
// cabanas/workflows.
package temporal
