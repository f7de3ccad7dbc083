package observe

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strconv"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracegrpc"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/exporters/stdout/stdouttrace"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// TracingOptions say where the traces of a process go.
type TracingOptions struct {
	// Exporter is "otlp", "console", or "none", which is also meant by "".
	Exporter string
	// Service and Version name the process; OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES win.
	Service, Version string
	// Console takes what the exporter "console" writes.
	Console io.Writer
	// Getenv reads the variables that OpenTelemetry defines and its SDK does not read by itself.
	Getenv func(string) string
	Logger *slog.Logger
}

// StartTracing lets spans be made and sent from now on, and is called once, before anything else of the process. What stop returns has
// been sent, or the error says why not. Without an exporter it does nothing.
func StartTracing(ctx context.Context, o TracingOptions) (stop func(context.Context) error, err error) {
	if o.Exporter == "" || o.Exporter == "none" || o.Getenv("OTEL_SDK_DISABLED") == "true" {
		return func(context.Context) error { return nil }, nil
	}
	sampler, err := samplerOf(o.Getenv("OTEL_TRACES_SAMPLER"), o.Getenv("OTEL_TRACES_SAMPLER_ARG"))
	if err != nil {
		return nil, err
	}
	exporter, err := exporterOf(ctx, o)
	if err != nil {
		return nil, fmt.Errorf("export traces: %w", err)
	}
	return StartTracingTo(ctx, exporter, sampler, o)
}

// StartTracingTo is [StartTracing] with an exporter and a sampler of the caller's.
func StartTracingTo(ctx context.Context, exporter sdktrace.SpanExporter, sampler sdktrace.Sampler, o TracingOptions) (stop func(context.Context) error, err error) {
	// What is told later wins: the variables.
	about, err := resource.New(ctx,
		resource.WithAttributes(attribute.String("service.name", o.Service), attribute.String("service.version", o.Version)),
		resource.WithTelemetrySDK(), resource.WithFromEnv())
	if err != nil {
		return nil, errors.Join(fmt.Errorf("describe this process to traces: %w", err), exporter.Shutdown(ctx))
	}
	provider := sdktrace.NewTracerProvider(sdktrace.WithBatcher(exporter), sdktrace.WithSampler(sampler),
		sdktrace.WithIDGenerator(generator{}), sdktrace.WithResource(about))
	otel.SetErrorHandler(otel.ErrorHandlerFunc(func(err error) { o.Logger.Warn("traces not sent", "error", err) }))
	otel.SetTracerProvider(provider)
	active.Store(&tracing{sampler: sampler})
	return func(ctx context.Context) error {
		active.Store(nil)
		if err := provider.Shutdown(ctx); err != nil {
			return fmt.Errorf("send the last traces: %w", err)
		}
		return nil
	}, nil
}

// exporterOf leaves address, headers, certificates, compression and time-out to the exporters, which read their variables.
func exporterOf(ctx context.Context, o TracingOptions) (sdktrace.SpanExporter, error) {
	if o.Exporter == "console" {
		return stdouttrace.New(stdouttrace.WithWriter(o.Console))
	}
	protocol := o.Getenv("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL")
	if protocol == "" {
		protocol = o.Getenv("OTEL_EXPORTER_OTLP_PROTOCOL")
	}
	switch protocol {
	case "", "http/protobuf":
		return otlptracehttp.New(ctx)
	case "grpc":
		return otlptracegrpc.New(ctx)
	}
	return nil, fmt.Errorf("OTEL_EXPORTER_OTLP_PROTOCOL: %q is not http/protobuf or grpc", protocol)
}

// samplerOf reads OTEL_TRACES_SAMPLER as OpenTelemetry defines it. The sampler is needed in our hands, too: what continues a trace
// from a row asks it again.
func samplerOf(name, argument string) (sdktrace.Sampler, error) {
	ratio := 1.0
	if argument != "" {
		var err error
		if ratio, err = strconv.ParseFloat(argument, 64); err != nil || !(ratio >= 0 && ratio <= 1) {
			return nil, fmt.Errorf("OTEL_TRACES_SAMPLER_ARG: %q is not a number from 0 to 1", argument)
		}
	}
	switch name {
	case "always_on":
		return sdktrace.AlwaysSample(), nil
	case "always_off":
		return sdktrace.NeverSample(), nil
	case "traceidratio":
		return sdktrace.TraceIDRatioBased(ratio), nil
	case "", "parentbased_always_on":
		return sdktrace.ParentBased(sdktrace.AlwaysSample()), nil
	case "parentbased_always_off":
		return sdktrace.ParentBased(sdktrace.NeverSample()), nil
	case "parentbased_traceidratio":
		return sdktrace.ParentBased(sdktrace.TraceIDRatioBased(ratio)), nil
	}
	return nil, fmt.Errorf("OTEL_TRACES_SAMPLER: %q is not known", name)
}
