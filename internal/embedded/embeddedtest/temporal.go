package embeddedtest

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/operatorservice/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	sdklog "go.temporal.io/sdk/log"
	"google.golang.org/protobuf/types/known/durationpb"
)

// Temporal returns the address of a Temporal server, shared; use Namespace unless the test keeps to workflow ids and queues of its own.
func Temporal(t testing.TB) string {
	t.Helper()
	address, err := temporal()
	require.NoError(t, err)
	return address
}

// Namespace returns the address of the shared Temporal server and a fresh namespace on it with the application's search attributes,
// so that task queues and workflow ids are the test's own. It stays: the server is thrown away after the tests, and deleting
// namespaces keeps it busier than the tests do.
func Namespace(t testing.TB) (address, namespace string) {
	t.Helper()
	address = Temporal(t)
	namespace = uniqueName()
	c, err := client.NewLazyClient(client.Options{
		HostPort: address, Namespace: namespace, Logger: sdklog.NewStructuredLogger(slog.New(slog.DiscardHandler)),
	})
	require.NoError(t, err)
	t.Cleanup(c.Close)
	_, err = c.WorkflowService().RegisterNamespace(t.Context(), &workflowservice.RegisterNamespaceRequest{
		Namespace: namespace, WorkflowExecutionRetentionPeriod: durationpb.New(24 * time.Hour),
	})
	require.NoError(t, err)
	require.EventuallyWithT(t, func(ct *assert.CollectT) { require.NoError(ct, addSearchAttributes(t.Context(), c, namespace)) },
		30*time.Second, 50*time.Millisecond)
	return address, namespace
}

// addSearchAttributes succeeds when every part of the server has heard of the namespace and of the attributes.
func addSearchAttributes(ctx context.Context, c client.Client, namespace string) error {
	_, err := c.OperatorService().AddSearchAttributes(ctx, &operatorservice.AddSearchAttributesRequest{
		Namespace: namespace,
		SearchAttributes: map[string]enumspb.IndexedValueType{
			"BookingStatus":   enumspb.INDEXED_VALUE_TYPE_KEYWORD,
			"AccommodationId": enumspb.INDEXED_VALUE_TYPE_KEYWORD,
			"CheckIn":         enumspb.INDEXED_VALUE_TYPE_DATETIME,
			"Channel":         enumspb.INDEXED_VALUE_TYPE_KEYWORD,
		},
	})
	var exists *serviceerror.AlreadyExists
	if err != nil && !errors.As(err, &exists) {
		return err
	}
	_, err = c.CountWorkflow(ctx, &workflowservice.CountWorkflowExecutionsRequest{Namespace: namespace, Query: `BookingStatus = ""`})
	return err
}
