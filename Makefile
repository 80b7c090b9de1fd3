# Two commands matter: `make run` and `make test`. Each sets up what it needs and skips what is there.

SHELL  := /bin/sh
PYTHON := $(or $(PYTHON),$(shell command -v python3.11),python3)
VENV   := .venv/bin/python
CLIENT := static/vendor/socket.io.esm.min.js
PYTEST := $(VENV) -m pytest
NODE_PEER := bench/node/node_modules/.ready

# $(call need,<test that passes where it is there>,<Debian package>): note what is missing ...
need = { $(1); } >/dev/null 2>&1 || missing="$$missing $(2)";
# ... and install it, or say what to install.
define install
[ -z "$$missing" ] || { echo "System packages missing:$$missing"; \
  sudo=""; [ "$$(id -u)" = 0 ] || sudo=sudo; \
  command -v apt-get >/dev/null || { echo "There is no apt-get here; please install their like by hand."; exit 1; }; \
  $$sudo apt-get update -q && $$sudo env DEBIAN_FRONTEND=noninteractive \
    apt-get install -y -q --no-install-recommends $$missing; }
endef

.PHONY: help
help: ## Show the commands
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' Makefile

.PHONY: run
run: setup ## Set up and run Parlor at http://127.0.0.1:5000 (HOST and PORT change that)
	@PARLOR_ENV=$${PARLOR_ENV:-development} exec $(VENV) -m gunicorn wsgi:app

.PHONY: dev
dev: setup ## Run a development server that reloads when a file changes
	@PARLOR_ENV=$${PARLOR_ENV:-development} exec $(VENV) -m flask dev

# Tests that say within how many seconds something is over. They mostly wait, so three at a time leave
# each other enough of the machine; what works hard would not.
TIMED := tests/faults tests/test_stopping.py tests/test_workers.py tests/test_websocket_only.py \
  tests/test_reaper.py tests/test_ws_ends.py \
  tests/test_growth.py tests/test_browser_line.py tests/test_wire_peers.py \
  tests/test_migrations_online.py tests/test_bus_away.py

# What failed may have had too little of the machine for a moment: it is tried again, with nothing else
# running, and the output shows both. What fails twice fails.
SPREAD := -n 3 --dist loadfile
AGAIN := --last-failed --last-failed-no-failures none

.PHONY: test
test: setup setup-test ## Set up and run all tests (ARGS="-k name" picks some)
ifdef ARGS
	$(PYTEST) $(ARGS)
else
	$(PYTEST) $(SPREAD) $(TIMED:%=--ignore=%) || $(PYTEST) $(AGAIN)
	$(PYTEST) $(SPREAD) $(TIMED) || $(PYTEST) $(AGAIN)
endif

.PHONY: test-faults
test-faults: setup setup-test ## Run all that attacks Parlor: kills, cuts, floods (half an hour)
	$(PYTEST) tests/faults -m "long or not long" -rA $(ARGS)

.PHONY: coverage
coverage: setup setup-test ## Run all tests and show what they do not reach
	$(PYTEST) --cov --cov-report=term-missing:skip-covered $(ARGS)

.PHONY: bench
bench: setup $(NODE_PEER) ## Measure Parlor beside its peers and write bench/results.md (eight minutes)
	$(VENV) -m bench

.PHONY: bench-short
bench-short: setup $(NODE_PEER) ## Measure the same, shortly (a minute)
	$(VENV) -m bench --short

.PHONY: bench-workers
bench-workers: setup ## Measure Parlor under each of gunicorn's workers (ten minutes)
	$(VENV) -m bench.workers $(ARGS)

.PHONY: bench-scale
bench-scale: setup setup-test ## Measure ten thousand people on 1, 2 and 4 processes (six minutes)
	$(VENV) -m bench.scale $(ARGS)

.PHONY: bench-partitions
bench-partitions: setup setup-test ## Measure messages in one table and in parts (ARGS="--messages 5000000")
	$(VENV) -m bench.partitions $(ARGS)

.PHONY: lint
lint: .venv/.dev ## Check style and format
	$(VENV) -m ruff check .
	$(VENV) -m ruff format --check .

.PHONY: format
format: .venv/.dev ## Mend style and format
	$(VENV) -m ruff check --fix .
	$(VENV) -m ruff format .

.PHONY: screenshots
screenshots: setup setup-test ## Take the README's screenshots anew
	$(VENV) -m tests.screenshots

.PHONY: lock
lock: ## Lock the requirements anew (needs uv)
	uv pip compile -q --universal --generate-hashes --no-header --no-annotate --python-version 3.11 \
	  requirements.in -o requirements.txt $(UPGRADE)
	uv pip compile -q --universal --generate-hashes --no-header --no-annotate --python-version 3.11 \
	  -c requirements.txt requirements-dev.in -o requirements-dev.txt $(UPGRADE)

.PHONY: clean
clean: ## Remove what the set-up and the tests made (instance/ with its data stays)
	rm -rf .venv static/vendor/node_modules bench/node/node_modules $(CLIENT) .pytest_cache .ruff_cache .hypothesis .coverage .coverage.*
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# The set-up. Stamps live inside .venv, so they go when it goes.

.PHONY: setup
setup: .venv/.run $(CLIENT)

.PHONY: setup-test
setup-test: .venv/.dev system-test

.venv/.run: requirements.txt $(VENV)
	$(VENV) -m pip install -q --disable-pip-version-check --require-hashes -r requirements.txt
	@touch $@

.venv/.dev: requirements-dev.txt .venv/.run
	$(VENV) -m pip install -q --disable-pip-version-check --require-hashes -r requirements-dev.txt
	@touch $@

$(VENV): | system-python
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Parlor needs Python 3.11 or newer: make PYTHON=/path/to/python3.11 ..."; exit 1; }
	$(PYTHON) -m venv --clear .venv

$(CLIENT): static/vendor/package-lock.json | system-npm
	npm ci --prefix static/vendor --ignore-scripts --silent
	@cp static/vendor/node_modules/socket.io-client/dist/$(@F) $@

# Node's peer stores where better-sqlite3 can be built: with a compiler, and Node's headers at hand.
$(NODE_PEER): bench/node/package-lock.json | system-npm
	npm ci --prefix bench/node --silent
	@node=$$(dirname "$$(dirname "$$(readlink -f "$$(command -v node)")")"); \
	if command -v c++ >/dev/null && [ -e "$$node/include/node/node.h" ]; then \
	  npm run build-release --silent --nodedir="$$node" \
	    --prefix bench/node/node_modules/better-sqlite3 >/dev/null 2>&1 || echo "Node will not store."; \
	else echo "No compiler, or no headers of Node: Node will not store."; fi
	@touch $@

.PHONY: system-python
system-python:
	@missing=""; $(call need,$(PYTHON) -m ensurepip --version,$(notdir $(PYTHON))-venv) $(install)

.PHONY: system-npm
system-npm:
	@missing=""; $(call need,command -v npm,npm) $(install)

.PHONY: system-test
system-test:
	@missing=""; \
	$(call need,command -v chromium || command -v chromium-browser || command -v google-chrome,chromium) \
	$(call need,command -v initdb || ls /usr/lib/postgresql/*/bin/initdb,postgresql) \
	$(call need,command -v redis-server,redis-server) \
	$(call need,command -v pgbouncer || ls /usr/sbin/pgbouncer,pgbouncer) \
	$(call need,command -v nginx || ls /usr/sbin/nginx,nginx-light) \
	$(call need,command -v systemd-analyze,systemd) \
	$(call need,command -v openssl,openssl) \
	$(call need,command -v ip || ls /usr/sbin/ip /sbin/ip,iproute2) \
	$(call need,ls /usr/lib/*/libatomic.so.1 || ldconfig -p | grep libatomic.so.1,libatomic1) \
	$(call need,ls /usr/share/fonts/*/dejavu || fc-list : family | grep DejaVu,fonts-dejavu-core) \
	$(call need,ls /usr/share/fonts/*/noto/NotoSans-Regular.* || fc-list : family | grep 'Noto Sans$$',fonts-noto-core) \
	$(call need,ls /usr/share/fonts/*/noto/NotoColorEmoji.* || fc-list : family | grep 'Color Emoji',fonts-noto-color-emoji) \
	$(install)
