package worker_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"

	"cabanas/activities"
	"cabanas/worker"
)

func options(t *testing.T, queues ...string) worker.Options {
	t.Helper()
	lazy, err := client.NewLazyClient(client.Options{HostPort: "127.0.0.1:1"})
	require.NoError(t, err)
	t.Cleanup(lazy.Close)
	return worker.Options{
		Client: lazy, Queues: queues, Reservations: &activities.Reservations{}, Payments: &activities.Payments{},
		Messaging: &activities.Messaging{}, Mails: &activities.Mails{}, Conversation: &activities.Conversation{}, Media: &activities.Media{},
	}
}

func TestEveryQueueHasAWorker(t *testing.T) {
	t.Parallel()
	_, err := worker.New(options(t))
	require.NoError(t, err, "no queue named serves them all; every activity registers")
}

func TestUnknownQueueIsNamed(t *testing.T) {
	t.Parallel()
	_, err := worker.New(options(t, "booking", "bookings"))
	require.ErrorContains(t, err, `no task queue "bookings"`)
}
