# The recipes are POSIX sh. `make help` lists the targets.
.POSIX:
.DEFAULT_GOAL := help

ARGS =

DEVSERVER_SOURCES = $(wildcard temporal/devserver/*.go) temporal/devserver/go.mod temporal/devserver/go.sum

.PHONY: help demo dev build test lint generate check evaluate bench reset cabanas tools

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' Makefile
	@echo
	@echo "  ARGS='…' is passed on by demo, dev, test and bench: make demo ARGS=--exit, make test ARGS='-run Hold ./store/...'"

demo: build ## start everything here and play a guest from the first message to the confirmed booking
	@bin/cabanas demo $(ARGS)

dev: build ## start everything here and keep it running
	@bin/cabanas dev $(ARGS)

build: cabanas bin/temporal-devserver ## bin/cabanas and bin/temporal-devserver

test: ## install what is missing, start real Postgres, Redis and Temporal, run every test
	@sh scripts/test.sh $(ARGS)

lint: tools ## golangci-lint
	@sh scripts/progress.sh "linting" bin/golangci-lint run ./...

generate: bin/sqlc ## code made from SQL
	@bin/sqlc generate
	@go test ./internal/config -run Template -update >/dev/null

check: lint bin/sqlc ## what a change must pass: lint, generated code, modules, every test
	@bin/sqlc diff
	@go mod verify >/dev/null
	@go mod tidy -diff >/dev/null
	@go -C temporal/devserver mod verify >/dev/null
	@sh scripts/test.sh

bench: build ## benchmarks, each beside its floor
	@bin/cabanas load bench $(ARGS)

evaluate: cabanas ## how well the labelled messages are understood, field by field
	@bin/cabanas understand --evaluate dialogue/testdata/corpus

reset: ## delete what dev and demo keep on this machine
	@go run ./internal/supervisor/cmd/reset

# Below: the steps of the targets above.

cabanas:
	@mkdir -p bin
	@sh scripts/progress.sh "compiling cabanas" go build -o bin/cabanas ./cmd/cabanas

bin/temporal-devserver: $(DEVSERVER_SOURCES)
	@mkdir -p bin
	@sh scripts/progress.sh "compiling the Temporal server (once, a few minutes)" go build -C temporal/devserver -o ../../bin/temporal-devserver .
	@touch bin/temporal-devserver

tools: bin/golangci-lint

bin/golangci-lint: tools/go.mod tools/go.sum
	@mkdir -p bin
	@sh scripts/progress.sh "compiling golangci-lint (once)" go build -C tools -o ../bin/golangci-lint github.com/golangci/golangci-lint/v2/cmd/golangci-lint

bin/sqlc: tools/go.mod tools/go.sum
	@mkdir -p bin
	@sh scripts/progress.sh "compiling sqlc (once)" go build -C tools -o ../bin/sqlc github.com/sqlc-dev/sqlc/cmd/sqlc
