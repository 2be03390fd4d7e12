// Command bench measures Busbar beside a hand-written reference in one run, on one machine, and prints ratios: a full sync, a re-sync
// in which nothing changed, and reading pages, shallow and deep. Everything runs in this process against the simulated ERP on loopback.
//
//	go run ./internal/bench                      # 20,000 purchase orders, three rounds
//	go run ./internal/bench -orders 100000
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
)

func main() {
	orders := flag.Int("orders", 20_000, "purchase orders in the simulated ERP, about 1.5 KB each with 5 lines")
	rounds := flag.Int("rounds", 3, "rounds; medians are printed")
	requests := flag.Int("requests", 400, "page requests at each depth in each round")
	profile := flag.String("cpuprofile", "", "file for a CPU profile of Busbar's own parts")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, size{*orders, *rounds, *requests, *profile}); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}
