# Every task of the project. `make` alone lists them.
SHELL       := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.PHONY: help run demo build dashboard test lint generate verify bench bench-compare e2e live soak clean

VERSION     ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
STATICCHECK := go run honnef.co/go/tools/cmd/staticcheck@v0.8.2
PACKAGES    ?= ./...
# The longest first: what is short fills the gaps.
IN_ORDER     = $(if $(filter ./...,$(PACKAGES)),./internal/faulttest ./internal/e2e ./internal/browser ./internal/store/postgres ./connectors) $(PACKAGES)
HISTORIES   ?= 2000

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: ## Start the server on ./busbar-data
	go run ./cmd/busbar serve

demo: ## Start the server with simulated systems and data
	go run ./cmd/busbar demo

build: ## Build the static binary ./busbar
	CGO_ENABLED=0 go build -trimpath -ldflags "-s -w -X main.version=$(VERSION)" -o busbar ./cmd/busbar

dashboard: ## Build the dashboard of web/ into internal/dashboard/dist (needs node, or root to install it)
	scripts/dashboard

test: ## Install what the tests need, then run all of them (PACKAGES=./internal/store/... for some)
	scripts/setup-test
	GOGC=200 scripts/in-memory go test -vet=off -timeout 25m $(IN_ORDER)

lint: ## Check format, vet, staticcheck and the rules of the architecture
	@unformatted=$$(git ls-files --cached --others --exclude-standard '*.go' | xargs -r ls -d 2>/dev/null | xargs -r gofmt -l); \
	  if [ -n "$$unformatted" ]; then echo "gofmt -w these:"; echo "$$unformatted"; exit 1; fi
	go vet $(PACKAGES)
	$(STATICCHECK) $(PACKAGES)
	go test ./internal/archtest

generate: ## Write every generated file anew
	scripts/generate

verify: ## What must hold before a change lands: generated files are fresh, lint, tests
	@scripts/check-generated
	@$(MAKE) --no-print-directory lint test

bench: ## Run the benchmarks and print their figures
	@if [ -d internal/bench ]; then go run ./internal/bench; else echo "Nothing to run yet: there is no internal/bench."; fi

bench-compare: ## Compare the benchmarks with another revision (BASE=main)
	@echo "Nothing to run yet: benchmarks are not compared between revisions."

e2e: ## Run the built binary end to end, kill -9 included
	@if [ -d internal/e2e ]; then go test -count=1 -timeout 20m ./internal/e2e/...; else echo "Nothing to run yet: there is no internal/e2e."; fi

live: ## Test against the real systems that can run here: Tryton on SQLite, Tryton with Busbar on PostgreSQL, Odoo 14, Request Tracker
	scripts/setup-test
	go test -count=1 -timeout 20m ./internal/realsys/odoo -v -run TestLiveBuild -live
	go test -count=1 -timeout 20m ./internal/realsys/... ./internal/driver/trytonrpc/... ./internal/driver/odoorpc/...
	go test -count=1 -timeout 150m -v -run "TestTryton|TestRequestTracker|TestOdoo" ./connectors -live
	go test -count=1 -timeout 20m -v -run Tryton ./internal/e2e/... -live

soak: ## Make up histories of faults for hours and count what was lost (HISTORIES=2000)
	go test -count=1 -timeout 24h -run TestAnything -v ./internal/faulttest -histories $(HISTORIES)
	go test -count=1 -timeout 24h -run 'Replica|Rolling|DatabaseCrashes|Backlog|AllSchedules|FlowKilled' -v ./internal/e2e -soak
	go test -count=1 -timeout 24h -run FlowOverManyRecords -v ./internal/flow -records 1000000

clean: ## Remove what the other targets made; data directories stay
	rm -rf busbar .cache coverage.out *.test
