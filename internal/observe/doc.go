// Package observe is how a process of Cabañas tells what it does: structured logs with the trace id that follows a message
// from webhook to send, Prometheus metrics, and references that stand for a person where a name or a phone must not appear.
package observe
