// Command bench measures Busbar beside hand-written references in one run, on one machine, and prints figures and ratios against the goals. Everything
// runs here against the simulated ERP on loopback; with PostgreSQL installed, everything runs on both engines.
//
//	go run ./internal/bench                      # all of it, small
//	go run ./internal/bench -orders 100000 -only sync,memory
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"runtime/pprof"
	"slices"
	"strings"
)

func main() {
	var z size
	flag.IntVar(&z.orders, "orders", 20_000, "purchase orders in the simulated ERP, about 1.5 KB each with 5 lines")
	flag.IntVar(&z.rounds, "rounds", 3, "rounds; medians are printed")
	flag.IntVar(&z.requests, "requests", 400, "page requests at each depth in each round")
	flag.IntVar(&z.schedules, "schedules", 20_000, "connections with a schedule each")
	profile := flag.String("cpuprofile", "", "file for a CPU profile of the whole run")
	only := flag.String("only", "", "parts to run, separated by commas: "+strings.Join(partNames(), ", "))
	engines := flag.String("engines", "sqlite,postgres", "engines to run on")
	child := flag.Bool("memory-child", false, "used by the part memory, which measures a process of its own")
	source := flag.String("source", "", "used by the part memory: where the simulated ERP answers")
	database := flag.String("database", "", "used by the part memory: the database")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	var err error
	if *child {
		err = syncOnce(ctx, *source, *database)
	} else {
		err = profiled(*profile, func() error { return run(ctx, z, list(*only), list(*engines)) })
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// size is how much to measure.
type size struct {
	orders, rounds, requests, schedules int
}

// profiled writes a CPU profile of do to a file; "" writes none.
func profiled(file string, do func() error) error {
	if file == "" {
		return do()
	}
	f, err := os.Create(file)
	if err != nil {
		return err
	}
	if err := pprof.StartCPUProfile(f); err != nil {
		return errors.Join(err, f.Close())
	}
	err = do()
	pprof.StopCPUProfile()
	return errors.Join(err, f.Close())
}

func list(text string) []string {
	if text == "" {
		return nil
	}
	return strings.Split(text, ",")
}

// part is a group of figures that are measured together.
type part struct {
	name string
	run  func(ctx context.Context, t *table, e engine, z size) error
}

func parts() []part {
	return []part{
		{"sync", measureSync}, {"incremental", measureIncremental}, {"memory", measureMemory}, {"schedules", measureSchedules}, {"replicas", measureReplicas},
		{"writes", measureWrites},
	}
}

func partNames() (names []string) {
	for _, p := range parts() {
		names = append(names, p.name)
	}
	return names
}

func run(ctx context.Context, z size, only, names []string) error {
	engines, closeAll, err := openEngines(names)
	if err != nil {
		return err
	}
	defer closeAll()
	fmt.Println(machine())
	t := new(table)
	for _, p := range parts() {
		if len(only) > 0 && !slices.Contains(only, p.name) {
			continue
		}
		for _, e := range engines {
			fmt.Fprintf(os.Stderr, "measuring %s on %s\n", p.name, e.name)
			if err := p.run(ctx, t, e, z); err != nil {
				return fmt.Errorf("%s on %s: %w", p.name, e.name, err)
			}
		}
	}
	t.print(os.Stdout)
	return nil
}
