# The two commands of the README are `make run` and `make test`; the rest helps
# those who work on Lectern.

BIN        := bin/lectern
CLUSTER    := bin/cluster
CLAUDE     := bin/claude
PROMTOOL   := bin/promtool
VERSION    ?= $(shell git describe --tags --always --dirty 2>/dev/null)
# Where make run listens, for ssh and for browsers.
LISTEN     ?= 127.0.0.1:2222
PAGE       ?= 127.0.0.1:8080
GOFLAGS    := -trimpath
LDFLAGS    := -s -w -X main.version=$(VERSION)
# Pinned here and not in go.mod, so that a linter's modules are none of ours.
STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.7.0

# What Debian calls the programs we need, and the file that tells they are there.
RUN_PACKAGES  := bubblewrap:/usr/bin/bwrap openssh-client:/usr/bin/ssh
TEST_PACKAGES := $(RUN_PACKAGES) tmux:/usr/bin/tmux asciinema:/usr/bin/asciinema chromium:/usr/bin/chromium curl:/usr/bin/curl
NPM_PACKAGES  := npm:/usr/bin/npm

.PHONY: run build claude update-claude update-page test lint fmt fuzz bench bench-proxy screenshots images cluster cluster-up cluster-images cluster-down e2e packages test-packages clean

run: packages build ## Run the gateway for yourself, with the sample course
	$(BIN) serve --trust-me --ssh.listen $(LISTEN) --metrics.listen= \
		--web.listen $(PAGE) $(if $(wildcard $(CLAUDE)),--sandbox.local.claude $(CLAUDE))

build: ## Build bin/lectern
	@mkdir -p bin
	CGO_ENABLED=0 go build $(GOFLAGS) -ldflags '$(LDFLAGS)' -o $(BIN) ./cmd/lectern

claude: $(CLAUDE) ## Fetch Claude Code, of the version that sandbox/image pins, as bin/claude

$(CLAUDE): sandbox/image/package.json sandbox/image/package-lock.json sandbox/image/.npmrc
	@scripts/need-packages $(NPM_PACKAGES)
	@mkdir -p bin
	scripts/install-claude $(CLAUDE)

update-claude: ## Pin the newest version of Claude Code
	@scripts/need-packages $(NPM_PACKAGES)
	npm --prefix sandbox/image install --package-lock-only --save-optional \
		@anthropic-ai/claude-code-linux-x64@latest @anthropic-ai/claude-code-linux-arm64@latest
	@git --no-pager diff --stat sandbox/image

update-page: ## Fetch what the browser page has from others, of the versions it pins
	@scripts/need-packages $(NPM_PACKAGES)
	scripts/vendor-page
	@git --no-pager diff --stat web/page

test: test-packages $(PROMTOOL) ## Run every test that needs no cluster
	go test -race -count=1 -timeout 10m ./...
	cd test/manifests && go test -count=1 ./...

$(PROMTOOL):
	scripts/take-promtool $(PROMTOOL)

lint: ## Check form and vet
	@unformatted=$$(gofmt -l .); if [ -n "$$unformatted" ]; then echo "not formatted, run make fmt: $$unformatted"; exit 1; fi
	@set -e; for module in . test/manifests; do ( cd $$module; set -x; go vet -tags e2e ./...; go run $(STATICCHECK) -tags e2e ./...; go mod verify ); done

fmt: ## Format the code
	gofmt -w .

fuzz: ## Run each fuzz target for a while (FUZZTIME=10s)
	@set -e; for package in $$(go list ./...); do \
		for target in $$(go test -list '^Fuzz' $$package | grep '^Fuzz' || true); do \
			echo "$$package $$target"; \
			go test -run '^$$' -fuzz "^$$target$$" -fuzztime $(or $(FUZZTIME),10s) $$package; \
		done; \
	done

bench: ## Run the benchmarks
	go test -run '^$$' -bench . -benchmem ./...

bench-proxy: build ## Compare the API proxy with the direct call and with nginx
	@scripts/need-packages nginx:/usr/sbin/nginx
	go run ./test/benchproxy -lectern $(BIN)

screenshots: test-packages build ## Take the pictures of the README anew
	scripts/screenshots $(BIN) docs/images

images: build claude ## Build the container images with docker or podman
	@engine=$$(command -v docker || command -v podman) || { echo "neither docker nor podman is here to build images with; please install one of them" >&2; exit 1; }; \
	set -ex; $$engine build -t lectern:latest .; $$engine build -t lectern-sandbox:latest -f sandbox/image/Dockerfile .

cluster:
	@mkdir -p bin
	go build -o $(CLUSTER) ./test/cluster

cluster-up: cluster ## Bring a real one-node Kubernetes up on this machine (as root)
	$(CLUSTER) up

cluster-images: cluster build claude ## Build the images and give them to that Kubernetes
	$(CLUSTER) images

cluster-down: cluster ## Take it down and leave nothing behind
	$(CLUSTER) down

e2e: test-packages build claude cluster ## Test on a real Kubernetes: that of KUBECONFIG, or one of its own
	scripts/e2e

packages:
	@scripts/need-packages $(RUN_PACKAGES)

test-packages:
	@scripts/need-packages $(TEST_PACKAGES)

clean:
	rm -rf bin
