// Command cabanas is the whole product in one binary: the HTTP edge, the workers, and the tools around them. Run it without
// arguments for the list of its commands.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
)

// command is one sub-command. It gets its own arguments and returns when ctx ends or its work is done.
type command struct {
	name    string
	summary string
	run     func(ctx context.Context, args []string) error
}

var commands = []command{
	{"dev", "start everything on this machine and keep it running", runDev},
	{"demo", "dev, then play a guest from the first message to the confirmed booking", runDemo},
	{"api", "serve the HTTP API and the webhooks", runAPI},
	{"worker", "run workflows and activities (--queues=all)", runWorker},
	{"codec", "serve the codec server, which decrypts payloads for Temporal's UI and CLI", runCodec},
	{"migrate", "up | down | status: the database schema", runMigrate},
	{"release", "migrate up, then setup: what a deployment runs first", runRelease},
	{"setup", "make Temporal's search attributes and schedules, and the sample cabins with --seed", runSetup},
	{"doctor", "look at everything the installation depends on, with what mends each fault (--replay before an upgrade)", runDoctor},
	{"audit", "verify the invariants on live data; exit 1 and the rows when one is broken", runAudit},
	{"admin", "create | reset --email E --role R: accounts of owner and staff", runAdmin},
	{"export", "guest --phone P | --email E | --id N | --code RES…: everything that is kept about a person, as JSON", runExport},
	{"erase", "guest --phone P | --email E | --id N | --code RES…: forget a person (--dry-run counts)", runErase},
	{"probe", "ask a URL and succeed when it answers 200: the health check of the images", runProbe},
	{"sandbox", "local stand-ins for WhatsApp and Mercado Pago", runSandbox},
	{"understand", "read guests' messages: JSON lines in and out, or --evaluate FOLDER of labelled ones", runUnderstand},
	{"load", "bench: measure the program beside the floor of its Postgres and Temporal", runLoad},
}

func main() { os.Exit(run(os.Args[1:])) }

// exitError ends the program with a status of its own; its message was printed already.
type exitError int

func (e exitError) Error() string { return fmt.Sprintf("exit status %d", int(e)) }

func run(args []string) int {
	if len(args) == 0 || args[0] == "help" || args[0] == "-h" || args[0] == "--help" {
		usage(os.Stdout)
		return 0
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	for _, c := range commands {
		if c.name == args[0] {
			return status(c.run(ctx, args[1:]))
		}
	}
	fmt.Fprintf(os.Stderr, "cabanas: there is no command %q\n\n", args[0])
	usage(os.Stderr)
	return 2
}

func status(err error) int {
	var exit exitError
	switch {
	case err == nil, errors.Is(err, flag.ErrHelp):
		return 0
	case errors.As(err, &exit):
		return int(exit)
	}
	fmt.Fprintln(os.Stderr, "cabanas:", err)
	return 1
}

func usage(w io.Writer) {
	fmt.Fprintln(w, "Usage: cabanas COMMAND [OPTIONS]\n\nCommands:")
	for _, c := range commands {
		fmt.Fprintf(w, "  %-10s %s\n", c.name, c.summary)
	}
	fmt.Fprintln(w, "\nSettings come from the environment; .env.template lists them.")
}

// flags returns an empty flag set for a sub-command that reports its own errors.
func flags(name string) *flag.FlagSet { return flag.NewFlagSet("cabanas "+name, flag.ContinueOnError) }
