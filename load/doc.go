// Package load offers work to a real, private installation and measures what it costs, beside the floor of each kind of work: the
// least that the same Postgres and Temporal take for something of the same shape. Floor and ours are measured in turns, because the
// machine is shared and noisy; what counts are the ratios.
//
// # Two models
//
// [Saturation] is a closed loop: a fixed number of workers, each starting again when it has ended. It finds the highest rate and says
// nothing about waiting, because a slow system is offered less. [Arrivals] is open: iteration i starts at start + i*period whatever the
// system does, its latency counts from that planned instant, and one that finds no free worker is dropped and counted.
//
// Some scenarios are only offered a fixed rate, which stands for a very busy place: what counts is how long a guest waits for the reply,
// beside the floor's time in the same run and beside what the product promises. Reading messages needs no system: one goroutine reads a
// sample over and over.
//
// Jobs are heaps of work: the time counts until all of it is done. What needs no other process runs in this one, over a second database
// of the same server, into which nothing else writes: so the bench can also hold that a sync of unchanged feeds writes not one row.
//
// # What runs
//
// [StartSystem] starts the program's own api and worker, Postgres, Redis and Temporal as processes through the supervisor, and in this
// process a [Provider] that answers for WhatsApp, Mercado Pago and the speech service: the few calls the program makes, without the
// sandbox's rules, state file and signed notifications, which would compete for the same two cores. The workers of the floors run in this
// process too.
package load
