# Every target is described by the comment behind it; `make` alone lists them.
.DEFAULT_GOAL := help
SHELL := /bin/bash
GO ?= go
STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.8.2
VERSION ?= $(shell git describe --always --dirty 2>/dev/null)

.PHONY: help build demo test check fmt generate coverage crash fuzz oracle-pattern oracle-vtl oracle-dynamodb bench bench-pattern

help: ## list the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  %-16s %s\n", $$1, $$2}'

build: ## build ./bin/signalbox
	$(GO) build -trimpath -ldflags '-X main.version=$(VERSION)' -o bin/signalbox ./cmd/signalbox

demo: build ## run the order and carrier example: 100 orders, one SIGKILL, all shipped
	$(GO) run ./examples/order-shipping -signalbox bin/signalbox

test: ## run the tests (at most ten minutes on two cores)
	./.ci/test

check: ## format, vet, staticcheck, generated files, tests
	@test -z "$$(gofmt -l . | tee /dev/stderr)" || { echo "gofmt: the files above are not formatted"; exit 1; }
	$(GO) vet ./...
	$(GO) run $(STATICCHECK) ./...
	$(GO) run ./wire/wiregen -check
	$(MAKE) test

fmt: ## format the code
	gofmt -w .

coverage: ## write docs/coverage.md from the operation tables
	$(GO) run ./cmd/signalbox coverage -o markdown > docs/coverage.md.new && mv docs/coverage.md.new docs/coverage.md

generate: ## generate the wire types anew from the API models
	$(GO) run ./wire/wiregen

crash: build ## long crash tests: a crash at every sync of the engine, 200 rounds of SIGKILL under load
	SIGNALBOX_LONG=1 $(GO) test -timeout 60m ./engine/local
	SIGNALBOX_TEST_SEEDS=25 $(GO) test -timeout 60m -run 'PowerFails|LeavesOrJoins' ./hub
	SIGNALBOX_ROUNDS=200 $(GO) test -timeout 60m -v -run EveryAcknowledgedEvent ./server
	$(GO) run ./examples/order-shipping -signalbox bin/signalbox -orders 200

FUZZTIME ?= 20s
fuzz: ## fuzz every parser, FUZZTIME each
	@set -e; grep -rln --include=*_test.go '^func Fuzz' . | xargs -n1 dirname | sort -u | while read -r dir; do \
	  grep -ho '^func Fuzz[A-Za-z0-9]*' $$dir/*_test.go | cut -c6- | while read -r name; do \
	    echo "$$dir $$name"; $(GO) test -run xxx -fuzz "^$$name$$" -fuzztime $(FUZZTIME) $$dir | grep -v '^fuzz: elapsed' | tail -3; done; done

bench: build ## measure the whole: PutEvents, sustained delivery, latency, start, a backlog of a million
	$(GO) run ./bench -signalbox bin/signalbox

oracle-pattern: ## ask event-ruler (Java) and package pattern the same random questions
	$(GO) run ./pattern/oracle -n 100000
	$(GO) run ./pattern/oracle -n 60000 -seed 2 -doubled

SEEDS ?= 1
oracle-dynamodb: ## ask DynamoDB Local (Java, Maven) and our tables the same random questions, 20,000 a seed
	@set -e; for seed in $(SEEDS); do $(GO) run ./services/dynamodb/oracle -jars .cache/dynamodb-local -n 20000 -seed $$seed; done

oracle-vtl: ## ask Apache Velocity (Java) and package vtl the same random templates, and the tables of the tests anew
	$(GO) run ./vtl/oracle -check vtl/testdata/velocity.jsonl services/apigateway/mapping/testdata/mapping.jsonl
	$(GO) run ./vtl/oracle -n 20000

bench-pattern: ## measure package pattern and event-ruler in one run, into docs/performance.md
	$(GO) run ./pattern/oracle/bench -write docs/performance.md
