package temporal

import (
	"context"
	"fmt"

	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"
	sdktemporal "go.temporal.io/sdk/temporal"
)

// SealSchedules encrypts what schedules hold with the first key, and returns how many it changed. A schedule outlives every run, so
// that without this a key that was replaced could never be taken away. The client must have the same keys.
func SealSchedules(ctx context.Context, c client.Client, keys []PayloadKey) (int, error) {
	codec, err := NewCodec(keys)
	if err != nil {
		return 0, err
	}
	list, err := c.ScheduleClient().List(ctx, client.ScheduleListOptions{PageSize: 500})
	if err != nil {
		return 0, fmt.Errorf("list schedules: %w", err)
	}
	changed := 0
	for list.HasNext() {
		entry, err := list.Next()
		if err != nil {
			return changed, fmt.Errorf("list schedules: %w", err)
		}
		sealed, err := sealSchedule(ctx, c.ScheduleClient().GetHandle(ctx, entry.ID), codec)
		if err != nil {
			return changed, fmt.Errorf("encrypt schedule %s: %w", entry.ID, err)
		}
		if sealed {
			changed++
		}
	}
	return changed, nil
}

// sealSchedule leaves the summary to the client, which reads it with any key and writes it with the first.
func sealSchedule(ctx context.Context, handle client.ScheduleHandle, codec *Codec) (changed bool, err error) {
	err = handle.Update(ctx, client.ScheduleUpdateOptions{
		DoUpdate: func(in client.ScheduleUpdateInput) (*client.ScheduleUpdate, error) {
			changed = false
			current := in.Description.Schedule
			action, ok := current.Action.(*client.ScheduleWorkflowAction)
			if !ok {
				return nil, sdktemporal.ErrSkipScheduleUpdate
			}
			for i, arg := range action.Args {
				payload, ok := arg.(*commonpb.Payload)
				if !ok || codec.isCurrent(payload) {
					continue
				}
				sealed, err := codec.again(payload)
				if err != nil {
					return nil, err
				}
				action.Args[i], changed = sealed, true
			}
			if !changed {
				return nil, sdktemporal.ErrSkipScheduleUpdate
			}
			return &client.ScheduleUpdate{Schedule: &current}, nil
		},
	})
	return changed, err
}

func (c *Codec) isCurrent(payload *commonpb.Payload) bool {
	metadata := payload.GetMetadata()
	return string(metadata[converter.MetadataEncoding]) == encryptedEncoding && string(metadata[metadataKeyID]) == c.current
}

// again encrypts a payload of any state with the current key.
func (c *Codec) again(payload *commonpb.Payload) (*commonpb.Payload, error) {
	bare, err := c.Decode([]*commonpb.Payload{payload})
	if err != nil {
		return nil, err
	}
	sealed, err := c.Encode(bare)
	if err != nil {
		return nil, err
	}
	return sealed[0], nil
}
