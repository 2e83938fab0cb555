# What a person does with this repository. Needs Go 1.26 or newer, git and make;
# `make help` lists the targets. Tools are built from source, with the version
# in the path, and only when missing. Nothing outside bin/ is written, except
# by `generate`, and by `test` as root, which installs Chromium and the
# toolchains of the plugins in other languages where there are none.

GO       ?= go
VERSION  ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
# Flags of `go build`. Not -trimpath by default: it would compile Temporal's
# server, several minutes of work, once more than `go test` has done already.
BUILDFLAGS ?=
# Flags of `go test`; `make test TESTFLAGS=-short` needs no browser.
TESTFLAGS  ?= -timeout 20m
NESTED     = $(shell find . -mindepth 2 -name go.mod -not -path './bin/*' -not -path '*/testdata/*' -exec dirname {} \; | sort)
GENERATED  = find ui sdk/gen -name '*_templ.go' -o -name '*.pb.go' -o -name '*.connect.go'
TOOLS     := $(CURDIR)/bin/tools

# tool,<name>,<package>,<version> builds one tool into a directory of its own.
define tool
$(1) := $(TOOLS)/$(1)-$(3)/$(1)
$(TOOLS)/$(1)-$(3)/$(1): | toolchain
	@echo "building $(1) $(3)"
	@GOBIN=$$(@D) $(GO) install $(2)@$(3)
endef
$(eval $(call tool,templ,github.com/a-h/templ/cmd/templ,v0.3.977))
$(eval $(call tool,buf,github.com/bufbuild/buf/cmd/buf,v1.75.0))
$(eval $(call tool,protoc-gen-go,google.golang.org/protobuf/cmd/protoc-gen-go,v1.36.12))
$(eval $(call tool,protoc-gen-connect-go,connectrpc.com/connect/cmd/protoc-gen-connect-go,v1.20.0))
$(eval $(call tool,golangci-lint,github.com/golangci/golangci-lint/v2/cmd/golangci-lint,v2.12.2))
$(eval $(call tool,workflowcheck,go.temporal.io/sdk/contrib/tools/workflowcheck,v0.6.0))

.PHONY: help run build guests test test-kill test-flood test-quickstart test-stress race check generate generate-check lint workflowcheck bench bench-plugins bench-ui screenshots clean toolchain toolchains chromium
.DEFAULT_GOAL := help

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1|\2/p' Makefile | awk -F'|' '{ printf "  make %-15s %s\n", $$1, $$2 }'

run: build ## build and start everything on this machine
	./bin/qidong dev

build: guests ## build bin/qidong
	$(GO) build $(BUILDFLAGS) -ldflags '-s -w -X main.version=$(VERSION)' -o bin/qidong ./cmd/qidong

guests: toolchain $(if $(REQUIRE_TOOLCHAINS),toolchains) ## build the plugins to WebAssembly
	$(GO) run ./examples/plugins/build

test: toolchains guests chromium ## test everything, the nested modules too
	$(GO) test $(TESTFLAGS) ./...
	@for dir in $(NESTED); do echo "$(GO) -C $$dir test ./..."; $(GO) -C $$dir test ./... || exit 1; done

test-kill: guests ## kill the whole installation again and again (KILLS=20)
	QIDONG_KILLS=$(or $(KILLS),20) $(GO) test -count=1 -v -timeout 60m -run 'KillMinus9' ./cmd/qidong

test-flood: ## send many events to one customer through the real engine (FLOOD=100000)
	QIDONG_FLOOD=$(or $(FLOOD),100000) $(GO) test ./cmd/qidong -run TestJ02_AFloodThroughTheRealEngine -count 1 -timeout 60m -v

test-quickstart: guests ## follow the partner's quickstart in empty directories, in each language (REQUIRE_TOOLCHAINS=1)
	QIDONG_QUICKSTART=all $(GO) test ./cmd/qidong -count=1 -v -timeout 20m -run '^TestQuickstart'

test-stress: ## call honest and hostile plugins at once, under the race detector (STRESS=60s)
	QIDONG_STRESS=$(or $(STRESS),60s) GOGC=5 $(GO) test -race -count=1 -v -timeout 30m -run TestStress ./plugins

race: guests ## test under the race detector what runs without Temporal's server
	$(GO) test -race -short -timeout 10m ./orchestrator/... ./plugins/...

check: ## everything CI does
	@total=$$(date +%s); for phase in generate-check lint workflowcheck test; do \
		start=$$(date +%s); echo "== $$phase"; \
		$(MAKE) --no-print-directory $$phase || { echo "== $$phase failed"; exit 1; }; \
		echo "== $$phase: $$(( $$(date +%s) - start )) s"; \
	done; echo "== check: $$(( $$(date +%s) - total )) s"

generate: $(templ) $(buf) $(protoc-gen-go) $(protoc-gen-connect-go) ## write the generated code anew
	$(templ) generate -path ui -log-level warn
	cd sdk/proto && PATH="$(dir $(protoc-gen-go)):$(dir $(protoc-gen-connect-go)):$$PATH" sh -c '$(buf) lint && $(buf) generate'

generate-check: ## fail when the generated code is stale
	@mkdir -p bin && $(GENERATED) | sort | xargs cksum > bin/generated.before
	@$(MAKE) --no-print-directory generate
	@$(GENERATED) | sort | xargs cksum > bin/generated.after
	@diff bin/generated.before bin/generated.after || { echo "generated code was stale: commit what make generate has just written"; exit 1; }

# A cache of this checkout's own: golangci-lint's findings name files by their
# absolute path, so that those of another checkout would not be known as generated.
lint: export GOLANGCI_LINT_CACHE = $(CURDIR)/bin/golangci-lint-cache
lint: guests $(golangci-lint) ## run golangci-lint
	$(golangci-lint) run ./...
	cd sdk && $(golangci-lint) run --config $(CURDIR)/.golangci.yml ./...

workflowcheck: $(workflowcheck) ## look for what is not deterministic in workflows
	$(workflowcheck) -config .workflowcheck.yaml ./workflows/...

bench: build ## measure plugin calls, journeys and intake
	@for suite in plugin journey intake; do ./bin/qidong bench $$suite || exit 1; done

bench-plugins: build ## measure the plugin host, also beside Extism (BENCHFLAGS="--json --strict")
	@missed=0; ./bin/qidong bench plugin $(BENCHFLAGS) || missed=1; \
	cd bench/extism && $(GO) run . $(BENCHFLAGS) || missed=1; exit $$missed

bench-ui: chromium ## measure the pages in headless Chromium and on the server; figures go to bin/bench-ui.json
	@mkdir -p bin && $(GO) test ./internal/benchui -count=1 -timeout 60m -v -bench-ui $(BENCHFLAGS) -out $(CURDIR)/bin/bench-ui.json

screenshots: guests chromium ## take a picture of every page; they go to bin/screenshots, the documents' to docs/img
	@mkdir -p bin && $(GO) test ./cmd/qidong -count=1 -timeout 20m -run '^TestScreenshots$$' -screenshots $(CURDIR)/bin/screenshots

clean: ## remove bin/ and the built plugins
	rm -rf bin examples/plugins/dist/*.wasm

toolchain:
	@command -v $(GO) >/dev/null || { echo "Go is missing: install Go 1.26 or newer, see https://go.dev/doc/install"; exit 1; }
	@minor=$$(cd / && $(GO) env GOVERSION | sed 's/^go1\.\([0-9]*\).*/\1/'); \
	[ "$$minor" -ge 26 ] 2>/dev/null || { echo "Go is too old ($$(cd / && $(GO) env GOVERSION)): install Go 1.26 or newer, see https://go.dev/doc/install"; exit 1; }

chromium:
	@case ' $(TESTFLAGS) ' in *' -short '*) exit 0;; esac; \
	for name in chromium chromium-browser google-chrome google-chrome-stable; do \
		command -v $$name >/dev/null && exit 0; \
	done; \
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		echo "installing chromium for the tests in a browser"; \
		apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium >/dev/null; \
	else \
		echo "Chromium is missing: install it for the tests in a browser, or run make test TESTFLAGS=-short"; exit 1; \
	fi

# What the plugins in Rust, C and AssemblyScript are built with. Without root, or
# elsewhere than on Debian, their tests are skipped, unless REQUIRE_TOOLCHAINS=1.
ASC := bin/guests/discount-as
toolchains: toolchain
	@packages=$$($(GO) run ./examples/plugins/build -missing) || exit 1; \
	if [ -z "$$packages" ]; then exit 0; fi; \
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		echo "installing $$packages"; \
		apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $$packages >/dev/null; \
	else \
		echo "Some plugins cannot be built: install Debian's packages $$packages, or what they are elsewhere"; \
		[ "$$REQUIRE_TOOLCHAINS" != 1 ]; \
	fi
	@if command -v npm >/dev/null; then \
		$(MAKE) -s $(ASC)/node_modules/.package-lock.json || [ "$$REQUIRE_TOOLCHAINS" != 1 ]; \
	fi

$(ASC)/node_modules/.package-lock.json: examples/plugins/discount/assemblyscript/package-lock.json
	@mkdir -p $(ASC) && cp $(<D)/package.json $< $(ASC)
	cd $(ASC) && npm ci --silent && touch node_modules/.package-lock.json
