package temporalserver

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	namespacepb "go.temporal.io/api/namespace/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	sdklog "go.temporal.io/sdk/log"
	"google.golang.org/protobuf/types/known/durationpb"
)

// ensureNamespace waits until the frontend answers for the namespace, creates
// it if the file has lost it, and sets its retention.
func ensureNamespace(ctx context.Context, hostPort string, cfg Config) error {
	c, err := client.NewNamespaceClient(client.Options{
		HostPort: hostPort,
		Logger:   sdklog.NewStructuredLogger(slog.New(slog.DiscardHandler)),
	})
	if err != nil {
		return fmt.Errorf("connecting to the frontend: %w", err)
	}
	defer c.Close()

	for {
		err := setRetention(ctx, c, cfg)
		var unavailable *serviceerror.Unavailable
		if err == nil || !errors.As(err, &unavailable) {
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("namespace %s does not answer: %w", cfg.Namespace, err)
		case <-time.After(10 * time.Millisecond):
		}
	}
}

func setRetention(ctx context.Context, c client.NamespaceClient, cfg Config) error {
	want := durationpb.New(cfg.Retention)
	got, err := c.Describe(ctx, cfg.Namespace)
	var missing *serviceerror.NamespaceNotFound
	switch {
	case errors.As(err, &missing):
		err = c.Register(ctx, &workflowservice.RegisterNamespaceRequest{
			Namespace:                        cfg.Namespace,
			WorkflowExecutionRetentionPeriod: want,
		})
	case err == nil && got.GetConfig().GetWorkflowExecutionRetentionTtl().AsDuration() != cfg.Retention:
		err = c.Update(ctx, &workflowservice.UpdateNamespaceRequest{
			Namespace: cfg.Namespace,
			Config:    &namespacepb.NamespaceConfig{WorkflowExecutionRetentionTtl: want},
		})
	}
	if err != nil {
		return fmt.Errorf("ensuring namespace %s: %w", cfg.Namespace, err)
	}
	return nil
}
