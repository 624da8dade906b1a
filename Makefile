# Whosleft: everything there is to do in a checkout. `make help` lists it.
# Works with GNU make 3.81 and BSD tools, so on macOS as it comes.

BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet install
UV_EXPORT := $(BIN)/uv --quiet export --locked --offline --no-emit-project --no-annotate --no-header
COVERAGE := --cov=worker.domain --cov=worker.app --cov-branch --cov-report=term-missing:skip-covered --cov-fail-under=100
SEEDS ?= 200
LIVES ?= 100000
FAULTS ?= 200
RUNS ?= 1000
SEED ?= 1
MINUTES ?= 5
WORKERS ?= 3
PYTEST = $(BIN)/pytest -n $(WORKERS) --dist worksteal

# Some hundred processes are started anew, and each would compile the whole worker, and pytest every test file
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help venv dev kerberos run test test-quick servers check audit fix messages assets screenshots image sim lies lives faults fuzz bench bench-core bench-controls bench-ad bench-entra bench-desk bench-footprint bench-identity bench-costs bench-outbox bench-peers bench-queueing bench-replay bench-journal bench-quick lock clean

help: ## This list
	@awk 'BEGIN { FS = ":.*## " } /^[a-z-]+:.*## / { printf "  make %-15s %s\n", $$1, $$2 }' Makefile

# --- Set-up: the stamps say which lock the environment was made from ---------------------------------------------------

venv: .venv/.run-stamp ## Make .venv with what the worker needs to run, from hashed locks

.venv/.run-stamp: requirements.lock requirements-build.lock pyproject.toml .ci/python
	@python="$$(.ci/python)" || exit 1; \
	if [ ! -x $(BIN)/python ] || ! $(BIN)/python -c pass; then \
		echo "Making .venv with $$python"; "$$python" -m venv --clear .venv; \
	fi
	@$(PIP) --require-hashes -r requirements.lock
	@$(PIP) --require-hashes -r requirements-build.lock
	@$(PIP) --no-build-isolation --no-deps --no-index --editable .
	@touch $@

dev: .venv/.dev-stamp kerberos ## Add the tools for tests and checks to .venv

.venv/.dev-stamp: .venv/.run-stamp requirements-dev.lock
	@$(PIP) --require-hashes -r requirements-dev.lock
	@touch $@

# An extra of its own: Linux has no wheels of gssapi, and a machine without its headers must be able to `make dev`
kerberos: .venv/.dev-stamp
	@if ! command -v krb5-config >/dev/null 2>&1; then \
		echo "kerberos: left out, as there is no krb5-config (Debian: apt-get install libkrb5-dev gcc python3-dev)"; \
	elif [ ! -e .venv/.kerberos-stamp ] || [ requirements-kerberos.lock -nt .venv/.kerberos-stamp ]; then \
		$(PIP) --require-hashes -r requirements-kerberos.lock && touch .venv/.kerberos-stamp || \
		echo "kerberos: left out, as gssapi can't be built here (Debian: apt-get install libkrb5-dev gcc python3-dev)"; \
	fi

# --- Run ----------------------------------------------------------------------------------------------------------------

run: venv ## Play the bundled company through on the embedded database
	@$(BIN)/whosleft demo

# --- The gate: .ci/run does check and test ------------------------------------------------------------------------------

test: dev servers ## Run every test, with coverage of the core (ARGS=… runs some; WORKERS=N processes)
	$(PYTEST) $(if $(ARGS),$(ARGS),--durations=20 $(COVERAGE))

test-quick: dev ## Run for a minute what needs no server, of the tests near your changes (of a tenth, if you have none)
	HYPOTHESIS_PROFILE=quick $(PYTEST) -q --within 45 -m "not postgres and not server and not slow" $(or $(ARGS),tests/unit tests/contract --ignore=tests/unit/demo)

servers: dev ## See to it that the tests have PostgreSQL, Samba, Chromium, Synapse, Postfix, Request Tracker, Redmine, Roundup and others
	@.ci/postgres
	@.ci/samba
	@.ci/browser
	@.ci/synapse
	@.ci/postfix
	@.ci/request_tracker
	@.ci/redmine
	@.ci/roundup
	@.ci/channels
	@$(BIN)/python .ci/helm
	@$(MAKE) --no-print-directory kerberos

check: dev ## Format, lint, types, import rules, dead code, locks: looks only, changes nothing
	@echo "format:  ruff format --check";   $(BIN)/ruff format --quiet --check . || { $(BIN)/ruff format --diff . ; exit 1; }
	@echo "lint:    ruff check";            $(BIN)/ruff check --quiet .
	@echo "types:   mypy --strict";         $(BIN)/mypy
	@echo "imports: lint-imports";          $(BIN)/lint-imports --no-logo
	@echo "unused:  vulture";               $(BIN)/vulture
	@echo "locks:   uv export";             \
	$(UV_EXPORT) --no-default-groups | cmp - requirements.lock && \
	$(UV_EXPORT) --only-group build | cmp - requirements-build.lock && \
	$(UV_EXPORT) --no-default-groups --extra opentelemetry | cmp - requirements-image.lock && \
	$(UV_EXPORT) --no-default-groups --extra kerberos | cmp - requirements-kerberos.lock && \
	$(UV_EXPORT) --all-groups | cmp - requirements-dev.lock || { echo "The locks are behind pyproject.toml: make lock"; exit 1; }

audit: ## Look for published advisories of the locked packages; without the network it says that it could not
	@"$$(.ci/python)" .ci/audit requirements-image.lock requirements-kerberos.lock requirements-build.lock

fix: dev ## Format, and repair what the linter can repair
	$(BIN)/ruff check --fix --quiet . || true
	$(BIN)/ruff format .

messages: dev ## Bring the catalogues up to date with the code, and list what has no translation yet
	@$(BIN)/python tests/support/catalogues.py

screenshots: dev ## Take the documentation's pictures of the desk anew
	@.ci/browser
	$(BIN)/python .ci/screenshots

image: venv ## Build the container image into dist, from a Debian root file system, as root (docs/image.md)
	@.ci/image

# --- Longer runs --------------------------------------------------------------------------------------------------------

sim: dev ## Simulate whole companies, crashes and lies included (SEEDS=N)
	$(BIN)/python -m pytest tests/sim -n $(WORKERS) --dist worksteal --seeds=$(SEEDS) $(ARGS)

lies: dev ## Let directories and inventories lie, several lies at a time (RUNS=N SEED=N)
	$(BIN)/python tests/lies/play.py --runs $(RUNS) --seed $(SEED) $(ARGS)

lives: dev ## Escalate tickets for ten years: rotas, holidays, changes of clocks, quiet hours (LIVES=N)
	$(BIN)/python -m pytest tests/sim/test_escalation_lives.py -n $(WORKERS) --dist worksteal --lives=$(LIVES) $(ARGS)

faults: dev ## Kill, stop, cut off and restart three replicas and their PostgreSQL at random, as root (FAULTS=N SEED=N)
	@.ci/postgres
	$(BIN)/python -m pytest tests/faults -n 0 --timeout=0 --faults=$(FAULTS) --fault-seed=$(SEED) $(ARGS)

fuzz: dev ## Damage registers, exports, answers and tokens at random (MINUTES=N SEED=N)
	$(BIN)/python tests/fuzz/fuzz.py --minutes $(MINUTES) --seed $(SEED) $(ARGS)

bench: dev ## Every benchmark in some 25 minutes, some smaller than by themselves (ARGS=NAME: that one)
	$(BIN)/python -m bench $(ARGS)

bench-quick: dev ## A small company in two minutes: its ratios against those that are kept (ARGS=--keep: keep these)
	@.ci/postgres
	$(BIN)/python -m bench quick $(ARGS)

bench-core: dev ## The benchmarks of the pure core alone; writes its figures into docs/performance.md (ARGS=1000000: a million people)
	$(BIN)/python -m bench core $(ARGS)

bench-controls: dev ## All controls over 20,000 groups and a million memberships, against bare SQL (ARGS="500 2000": fewer groups)
	$(BIN)/python -m bench controls $(ARGS)

bench-ad: dev ## The benchmarks of Active Directory alone, on a Samba of their own (ARGS=10000: fewer people)
	@.ci/samba
	$(BIN)/python -m bench ad $(ARGS)

bench-entra: dev ## The benchmarks of Entra ID alone, on a fake tenant of their own (ARGS=10000: fewer people)
	$(BIN)/python -m bench entra $(ARGS)

bench-footprint: dev ## Memory of a worker and of a desk, and what is written into the log in a day
	$(BIN)/python -m bench footprint $(ARGS)

bench-identity: dev ## Who is behind 200,000 invented people's handles; writes its figures into docs/identity.md
	$(BIN)/python -m bench identity $(ARGS)

bench-costs: dev ## Bytes and seconds of a person, a membership and a delivery, for docs/scale.md (ARGS=100000: more people)
	$(BIN)/python -m bench costs $(ARGS)

bench-outbox: dev ## Messages a second, beside a loop written by hand and beside procrastinate (ARGS=500: fewer messages)
	$(BIN)/python -m bench outbox $(ARGS)

bench-peers: dev ## A script and a synchroniser over two files, beside Whosleft over the same (ARGS=10000: fewer people)
	$(BIN)/python -m bench peers $(ARGS)

bench-trackers: dev ## A run of the mirror over 5,000 live tickets, beside a loop over each of them (ARGS=500: fewer)
	$(BIN)/python -m bench trackers $(ARGS)

bench-queueing: dev ## How long messages and taps wait at up to 10 million people: a simulation, checked by formulas
	$(BIN)/python -m bench queueing $(ARGS)

bench-replay: dev ## A year of 100,000 people, replayed by other configurations (ARGS="10000 90": people and days)
	$(BIN)/python -m bench replay $(ARGS)

bench-journal: dev ## What ten years of journal cost daily, and a year's evidence (ARGS="1000000 1000000": fewer events on each database)
	@.ci/postgres
	$(BIN)/python -m bench journal $(ARGS)

bench-desk: dev ## The desk's pages at a hundred thousand tickets, against a bare page of the same server
	$(BIN)/python -m bench desk $(ARGS)

# --- House-keeping ------------------------------------------------------------------------------------------------------

assets: dev ## Bring the desk's copies of htmx, Chart.js and modern-normalize to the versions that .ci/assets pins
	@$(BIN)/python .ci/assets

lock: dev ## Bring the locks up to date with pyproject.toml (ARGS=--upgrade for newer releases)
	$(BIN)/uv lock $(ARGS)
	$(UV_EXPORT) --no-default-groups > requirements.lock
	$(UV_EXPORT) --only-group build > requirements-build.lock
	$(UV_EXPORT) --no-default-groups --extra opentelemetry > requirements-image.lock
	$(UV_EXPORT) --no-default-groups --extra kerberos > requirements-kerberos.lock
	$(UV_EXPORT) --all-groups > requirements-dev.lock

clean: ## Remove what the tools made, .venv too
	rm -rf .venv .cache build dist htmlcov .coverage .coverage.* .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
