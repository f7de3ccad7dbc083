package temporal

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/operatorservice/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	sdktemporal "go.temporal.io/sdk/temporal"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"

	"cabanas/workflows"
)

// SetupOptions say what Setup makes.
type SetupOptions struct {
	Namespace string
	// Retention is how long closed workflows stay readable; 14 days when zero. What must be kept longer is in booking_events.
	Retention time.Duration
	// ReconcileEvery is the interval of the payment reconciliation; zero makes no schedule.
	ReconcileEvery time.Duration
	// WatchFeedsEvery is the interval of the look at all feeds of other channels; zero makes no schedule.
	WatchFeedsEvery time.Duration
	// HousekeepEvery is the interval of the housekeeping; zero makes no schedule.
	HousekeepEvery time.Duration
	Logger         *slog.Logger // slog.Default when nil.
}

const defaultRetention = 14 * 24 * time.Hour

// Setup makes the namespace, its search attributes and the schedules, or brings them up to date, and waits for the server while
// it is not up, until ctx ends. It can be repeated and run by several processes at once.
func Setup(ctx context.Context, c client.Client, o SetupOptions) error {
	if o.Retention == 0 {
		o.Retention = defaultRetention
	}
	logger := loggerOf(Options{Logger: o.Logger})
	steps := []struct {
		name string
		do   func(context.Context, client.Client, SetupOptions) error
	}{
		{"namespace", registerNamespace},
		{"search attributes", addSearchAttributes},
		{"schedules", schedule},
	}
	for _, step := range steps {
		err := whileAway(ctx, logger, "temporal not ready for its "+step.name, func() error {
			attempt, cancel := context.WithTimeout(ctx, 10*time.Second)
			defer cancel()
			return step.do(attempt, c, o)
		})
		if err != nil {
			return fmt.Errorf("set up temporal %s: %w", step.name, err)
		}
	}
	return nil
}

func registerNamespace(ctx context.Context, c client.Client, o SetupOptions) error {
	_, err := c.WorkflowService().DescribeNamespace(ctx, &workflowservice.DescribeNamespaceRequest{Namespace: o.Namespace})
	if _, missing := errors.AsType[*serviceerror.NamespaceNotFound](err); !missing {
		return err
	}
	_, err = c.WorkflowService().RegisterNamespace(ctx, &workflowservice.RegisterNamespaceRequest{
		Namespace:                        o.Namespace,
		Description:                      "Cabañas: reservations",
		WorkflowExecutionRetentionPeriod: durationpb.New(o.Retention),
	})
	return unlessThere(err)
}

// attributes are the search attributes that workflows set; one that the server does not know would block them.
var attributes = []sdktemporal.SearchAttributeKey{
	workflows.AttributeBookingStatus, workflows.AttributeAccommodationID, workflows.AttributeCheckIn, workflows.AttributeChannel,
}

// addSearchAttributes adds only what is missing: a request that names one known attribute is refused as a whole.
func addSearchAttributes(ctx context.Context, c client.Client, o SetupOptions) error {
	known, err := c.OperatorService().ListSearchAttributes(ctx, &operatorservice.ListSearchAttributesRequest{Namespace: o.Namespace})
	if err != nil {
		return err
	}
	missing := map[string]enumspb.IndexedValueType{}
	for _, attribute := range attributes {
		if _, found := known.GetCustomAttributes()[attribute.GetName()]; !found {
			missing[attribute.GetName()] = attribute.GetValueType()
		}
	}
	if len(missing) == 0 {
		return nil
	}
	_, err = c.OperatorService().AddSearchAttributes(ctx, &operatorservice.AddSearchAttributesRequest{
		Namespace: o.Namespace, SearchAttributes: missing,
	})
	return unlessThere(err)
}

// unlessThere forgives what another process made at the same time.
func unlessThere(err error) error {
	var namespace *serviceerror.NamespaceAlreadyExists
	var attribute *serviceerror.AlreadyExists
	if errors.As(err, &namespace) || errors.As(err, &attribute) || status.Code(err) == codes.AlreadyExists {
		return nil
	}
	return err
}
