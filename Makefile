# The two commands of the README, and the few others that a contributor types.
# Everything that is built or installed goes to one cache outside the checkout, so that several
# checkouts share it; CARGO_TARGET_DIR and HIFATE_CACHE override where.

HIFATE_CACHE ?= $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/hifate
CARGO_TARGET_DIR ?= $(HIFATE_CACHE)/target
VENV := $(HIFATE_CACHE)/venv
PACKAGES := backend/bazi/tests/oracle/requirements.txt proxy/tests/requirements.txt
PYTHON ?= python3
# What `make bench-full` runs of benches/load after the comparison.
MEASURED := node slow attack sites events operate reload growth
# And of benches/vip, by root: it makes networks.
MEASURED_AS_ROOT := failover cost
PREFIX ?= /usr
DESTDIR ?=
export CARGO_TARGET_DIR PREFIX DESTDIR
export HIFATE_PYTHON ?= $(VENV)/bin/python

.DEFAULT_GOAL := help
.PHONY: help run build install setup test try-systemd lint pgo bench bench-full clean

help: ## Show this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1\t/' | expand -t 20

run: build ## Build and start one node; Ctrl-C stops it
	@exec "$(CARGO_TARGET_DIR)/release/hifate" up $(ARGS)

build:
	@echo 'building; the first time takes a few minutes'
	@cargo build --release --workspace

install: ## Put what `make build` built into the system (PREFIX, DESTDIR)
	@PROGRAMS="$(CARGO_TARGET_DIR)/release" scripts/install.sh

setup: $(VENV)/packages.txt ## Install what the tests need (Debian and Python packages)
	@scripts/setup.sh

# Installed again whenever a list of packages changes.
$(VENV)/packages.txt: $(PACKAGES)
	@echo 'installing the Python packages that charts and answers are compared with'
	@$(PYTHON) -m venv "$(VENV)"
	@"$(VENV)/bin/pip" install --quiet --disable-pip-version-check $(PACKAGES:%=-r %)
	@cat $(PACKAGES) > "$@"

test: setup build ## Run everything that proves the product
	@cargo test --release --workspace

try-systemd: build ## Try the units with the real systemd, in namespaces (root, half a minute)
	@PROGRAMS="$(CARGO_TARGET_DIR)/release" scripts/try_systemd.sh

lint: ## Formatting, lints, documentation, dependency directions, file sizes
	@cargo fmt --all --check
	@cargo clippy --release --workspace --all-targets -- -D warnings
	@RUSTDOCFLAGS=-Dwarnings cargo doc --release --workspace --no-deps --quiet
	@$(PYTHON) scripts/check_structure.py

# It needs llvm-profdata (rustup component add llvm-tools).
pgo: ## Build the edge for what it does most: measured, then built again (half an hour)
	@scripts/pgo.sh

bench: ## Compare with nginx and HAProxy: load and latency (6 minutes)
	@benches/load/compare.py --scenario a,b,c,d,d2,e,e2,f,h,i --rounds 3

# One that fails does not keep the others from running.
bench-full: ## Measure everything, with Envoy and Caddy as well (an hour; nothing else should run)
	@failed=; \
	benches/load/compare.py --rounds 7 --with envoy --with caddy || failed="compare"; \
	for one in $(MEASURED); do benches/load/$$one.py || failed="$$failed $$one"; done; \
	for one in $(MEASURED_AS_ROOT); do \
	    [ "$$(id -u)" -ne 0 ] || benches/vip/$$one.py || failed="$$failed $$one"; \
	done; \
	cargo bench -p benches || failed="$$failed micro"; \
	[ -z "$$failed" ] || { echo "failed: $$failed" >&2; exit 1; }

clean: ## Remove what was built and installed
	@rm -rf "$(CARGO_TARGET_DIR)" "$(VENV)"
