# Touyan 头雁. `make help` lists the targets.
SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
BIN := bin/touyan
GO_PACKAGES := ./...

help: ## List the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

web/node_modules/.package-lock.json: web/package-lock.json
	cd web && npm ci --no-audit --no-fund
	@touch $@

WEB_SOURCES := $(shell find web -path web/node_modules -prune -o -path web/dist -prune -o -path web/e2e -prune -o -type f -print 2>/dev/null)

web/dist/index.html: web/node_modules/.package-lock.json $(WEB_SOURCES)
	cd web && npm run build
	@touch $@

web: web/dist/index.html ## Build the screens

build: web ## Build the program with its screens
	go build -o $(BIN) ./cmd/touyan

demo: build ## Open the fictional city of Chengchuan
	$(BIN) demo

test: ## Run all tests (SQLite, PostgreSQL, race detector)
	bash scripts/test.sh

lint: ## Formatting, vet, staticcheck
	bash scripts/lint.sh

e2e: build ## Walk the story in a real browser
	bash scripts/e2e.sh

bench: build ## Measure against the floor; see bench/RESULTS.md
	bash scripts/bench.sh

torture: build ## 200 kills and 100 power cuts under load (root)
	bash scripts/torture.sh 200 100

fuzz: ## Each fuzz target for 30 s (FUZZTIME=1m for longer)
	bash scripts/fuzz.sh

verify: ## Generated files are what their sources say
	bash scripts/verify.sh

clean: ## Remove what was built; stop the test server
	rm -rf bin web/dist/assets web/dist/portal web/dist/index.html data
	bash kernel/store/storetest/stop.sh

.PHONY: help web build demo test lint e2e bench torture fuzz verify clean
