# Every target is described by the comment behind it; `make` alone lists them.
.DEFAULT_GOAL := help
SHELL := /bin/bash
GO ?= go
VERSION ?= $(shell git describe --always --dirty 2>/dev/null)

.PHONY: coverage help build demo test check fmt generate crash fuzz oracle-pattern bench bench-pattern clients

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
	$(GO) tool staticcheck ./...
	$(GO) run ./wire/wiregen -check
	$(MAKE) test

fmt: ## format the code
	gofmt -w .

coverage: ## write docs/coverage.md from the operation tables
	$(GO) run ./cmd/signalbox coverage -o markdown > docs/coverage.md.new && mv docs/coverage.md.new docs/coverage.md

generate: ## generate the wire types anew from the API models
	$(GO) run ./wire/wiregen
