package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/operatorservice/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	sdklog "go.temporal.io/sdk/log"
	"go.temporal.io/server/common/log"
	"go.temporal.io/server/common/log/tag"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"
)

// retention is how long closed workflows stay readable in the UI.
const retention = 7 * 24 * time.Hour

// searchAttributes are those the application's workflows write; a workflow that upserts an unknown one is stuck.
var searchAttributes = map[string]enumspb.IndexedValueType{
	"BookingStatus":   enumspb.INDEXED_VALUE_TYPE_KEYWORD,
	"AccommodationId": enumspb.INDEXED_VALUE_TYPE_KEYWORD,
	"CheckIn":         enumspb.INDEXED_VALUE_TYPE_DATETIME,
	"Channel":         enumspb.INDEXED_VALUE_TYPE_KEYWORD,
}

// prepareNamespace repeats until the frontend answers and the namespace can be queried by every attribute, or ctx ends.
func prepareNamespace(ctx context.Context, frontend, namespace string, logger log.Logger) error {
	c, err := client.NewLazyClient(client.Options{HostPort: frontend, Namespace: namespace, Logger: sdklog.NewStructuredLogger(slog.New(slog.DiscardHandler))})
	if err != nil {
		return fmt.Errorf("client: %w", err)
	}
	defer c.Close()
	for {
		err := tryPrepareNamespace(ctx, c, namespace)
		if err == nil {
			return nil
		}
		logger.Debug("namespace not ready", tag.Error(err))
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(50 * time.Millisecond):
		}
	}
}

func tryPrepareNamespace(ctx context.Context, c client.Client, namespace string) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	_, err := c.WorkflowService().RegisterNamespace(ctx, &workflowservice.RegisterNamespaceRequest{
		Namespace:                        namespace,
		Description:                      "cabanas, development",
		WorkflowExecutionRetentionPeriod: durationpb.New(retention),
	})
	if err != nil && !alreadyExists(err) {
		return fmt.Errorf("register the namespace: %w", err)
	}
	if err := addSearchAttributes(ctx, c, namespace); err != nil {
		return err
	}
	_, err = c.CountWorkflow(ctx, &workflowservice.CountWorkflowExecutionsRequest{
		Namespace: namespace,
		Query:     `BookingStatus = "" AND AccommodationId = "" AND Channel = "" AND CheckIn < "2000-01-01T00:00:00Z"`,
	})
	if err != nil {
		return fmt.Errorf("query the search attributes: %w", err)
	}
	return nil
}

// addSearchAttributes adds only what is missing: adding them again would be refused as a whole.
func addSearchAttributes(ctx context.Context, c client.Client, namespace string) error {
	known, err := c.OperatorService().ListSearchAttributes(ctx, &operatorservice.ListSearchAttributesRequest{Namespace: namespace})
	if err != nil {
		return fmt.Errorf("list search attributes: %w", err)
	}
	missing := maps.Clone(searchAttributes)
	for name := range known.GetCustomAttributes() {
		delete(missing, name)
	}
	if len(missing) == 0 {
		return nil
	}
	_, err = c.OperatorService().AddSearchAttributes(ctx, &operatorservice.AddSearchAttributesRequest{
		Namespace: namespace, SearchAttributes: missing,
	})
	if err != nil && !alreadyExists(err) {
		return fmt.Errorf("add search attributes: %w", err)
	}
	return nil
}

func alreadyExists(err error) bool {
	var namespaceExists *serviceerror.NamespaceAlreadyExists
	return errors.As(err, &namespaceExists) || status.Code(err) == codes.AlreadyExists
}
