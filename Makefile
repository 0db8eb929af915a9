# The front door: every target is a line or two; the work is done by infra/dev/*, cmake and ctest.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help deps up down status demo demo-communities clean-data build test test-unit bench fuzz proto-baseline fmt lint clean

help: ## this list
	@awk 'BEGIN {FS = ":.*## "; print "Lanting. Start with: make up, then make demo\n"} /^[a-z-]+:.*## / {printf "  make %-17s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
	@echo
	@echo "Another build: make up LANTING_PRESET=dev. A second stack, in .lanting-name: LANTING_STACK=name"
	@echo "Ports: make up LANTING_REST_PORT=8081, remembered when the start succeeds. All of them, as they are now:"
	@source infra/dev/lib.sh && ports | awk '{printf "  %-32s %5s  %s\n", $$3, $$2, $$1}'

deps: ## install the Debian packages that are missing
	@infra/dev/deps

up: deps ## build what changed, start PostgreSQL, Redis, the services and the gateway
	@infra/dev/up

down: ## stop everything; data stays
	@infra/dev/down

status: ## what runs, where, with how much memory
	@infra/dev/status

demo: ## walk the main job through REST
	@infra/dev/demo

demo-communities: ## open three communities, fill them through eight kinds of gates, split a full group
	@infra/dev/demo_communities

clean-data: ## stop everything and remove .lanting with its data
	@infra/dev/clean-data

build: deps ## build everything (preset dev)
	@[[ -e build/dev/build.ninja ]] || cmake --preset dev
	@ninja -C build/dev

test: build ## build everything and run every test
	@infra/dev/deps test
	@ctest --no-tests=error --test-dir build/dev --output-on-failure -j2

test-unit: build ## the tests that need no server
	@ctest --no-tests=error --test-dir build/dev --output-on-failure -j2 -L unit

bench: ## measure against the limits of the machine; writes bench/results.md
	@infra/dev/deps bench
	@bench/run

fuzz: ## fuzz what reads foreign bytes, a minute each; infra/dev/fuzz 600 body: ten minutes of one
	@infra/dev/fuzz

proto-baseline: ## at a release: what the protos are now is what later ones may not break
	@cd protos && protoc -I. -I/usr/share/gocode/src/github.com/gogo/googleapis --include_imports \
	  --descriptor_set_out=baseline.binpb $$(git ls-files 'lanting/*.proto' | grep -v /testing/)

fmt: ## format the C++ sources
	@infra/dev/deps lint
	@git ls-files -z '*.h' '*.cpp' | xargs -0 -r clang-format-14 -i

lint: ## formatting, clang-tidy on what changed, proto rules, scripts
	@infra/dev/deps lint
	@infra/dev/lint

clean: ## remove what was built
	@rm -rf build
