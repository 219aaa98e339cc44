# Everything a newcomer types. Each target sets up what it needs: only Python 3.11 (or 3.12, 3.13) and make are assumed.
#   make test STRICT=1         a skipped test is a failure
#   make test ARGS='-k drift'  options for pytest
#   make demo PYTHON=python3.12

CANDIDATES := python3.11 python3.12 python3.13 python3
SUPPORTED := import sys, venv, ensurepip; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))
ifndef PYTHON
PYTHON := $(shell for name in $(CANDIDATES); do $$name -c '$(SUPPORTED)' >/dev/null 2>&1 && echo $$name && break; done)
endif

VENV := .venv
BIN := $(VENV)/bin
LIBRARIES := $(VENV)/.libraries
INSTALLED := $(VENV)/.installed
define CHECK_PYTHON
@test -n "$(PYTHON)" || { echo "Driftline needs Python 3.11, 3.12 or 3.13 with its venv module, and found none." >&2; \
	echo "Install one, or say where it is: make ... PYTHON=/path/to/python3.11" >&2; exit 2; }
@$(PYTHON) -c '$(SUPPORTED)' 2>/dev/null || { echo "PYTHON=$(PYTHON) is not Python 3.11, 3.12 or 3.13 with its venv module." >&2; exit 2; }
endef

LOCK_TOOL := uv==0.13.9
COMPILE := compile pyproject.toml --quiet $(if $(UPGRADE),--upgrade) --universal --python-version 3.11 --fork-strategy fewest \
	--generate-hashes --no-emit-index-url --no-annotate --no-header

export PIP_DISABLE_PIP_VERSION_CHECK := 1
# The caller's own PYTHONPATH must not change what is tested.
unexport PYTHONPATH

.DEFAULT_GOAL := help
.PHONY: help demo test lint format bench bench-engine scenarios clean-days chaos lock clean

help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-12s %s\n", $$1, $$2}' Makefile

demo: $(INSTALLED) ## watch a simulated prime broker being reconciled live, and a wrong transfer being caught
	@$(BIN)/driftline demo $(ARGS)

test: $(INSTALLED) ## run every test (STRICT=1: a skip is a failure)
	@$(BIN)/python -m pytest $(if $(filter-out 0,$(STRICT)),--strict-skips) $(ARGS)

lint: $(INSTALLED) ## check format, style, types and the layers of the packages
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(INSTALLED) ## rewrite the code in the house format
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(INSTALLED) ## measure replay against a plain JSON loop, in one run
	@$(BIN)/python -m tests.bench $(ARGS)

bench-engine: $(INSTALLED) ## measure the engine on a real Kafka beside a bare loop, Faust, Bytewax and Quix Streams
	@$(BIN)/python -m tests.bench.engine $(ARGS)

scenarios: $(INSTALLED) ## play every incident of the field and its look-alike over twenty seeds, and judge what is said
	@$(BIN)/python -m tests.scenarios $(ARGS)

clean-days: $(INSTALLED) ## let a month pass in which nothing is wrong, and count what is said of it all the same
	@$(BIN)/python -m tests.scenarios.clean $(ARGS)

chaos: $(INSTALLED) ## break a running engine on a real broker for half an hour, then play every planted defect
	@$(BIN)/python -m tests.chaos --faults 125 --events 500000 --workers 3 --shards 4 --quiet $(ARGS)
	@$(BIN)/python -m tests.chaos.directed

lock: ## write the two lock files again from pyproject.toml (UPGRADE=1: newer indirect libraries too)
	$(CHECK_PYTHON)
	$(PYTHON) -m venv --clear $(VENV)-lock
	$(VENV)-lock/bin/python -m pip install --quiet '$(LOCK_TOOL)'
	$(VENV)-lock/bin/uv pip $(COMPILE) --output-file requirements.lock
	$(VENV)-lock/bin/uv pip $(COMPILE) --group dev --output-file requirements-dev.lock

clean: ## remove what these targets made
	rm -rf $(VENV) $(VENV)-lock $(VENV)-rivals .kafka-jars build dist .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(LIBRARIES): requirements-dev.lock
	$(CHECK_PYTHON)
	@echo "Setting up $(VENV) with $(PYTHON): about a minute, once."
	@$(PYTHON) -m venv --clear $(VENV)
	@$(BIN)/python -m pip install --quiet --require-hashes --only-binary :all: -r requirements-dev.lock
	@touch $@

$(INSTALLED): pyproject.toml $(LIBRARIES)
	@$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@
