# One command each. Everything a target needs is set up by the target; uv is used where present, never required.
VENV    ?= .venv
PYTHON  ?= python3
BIN     := $(VENV)/bin
SOURCES := watchkeeper collector detectors api alerts dashboards deploy sdk/src demo benchmarks tests
INSTALL  = $(if $(shell command -v uv 2>/dev/null),uv pip install --quiet --python $(BIN)/python,$(BIN)/python -m pip install --quiet --disable-pip-version-check)

.PHONY: help setup demo demo-check demo-kafka test check format bench bench-prepare up clean
.DEFAULT_GOAL := help

help: ## show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Watchkeeper needs Python 3.11 or newer; set PYTHON=/path/to/it"; exit 1; }
	$(if $(shell command -v uv 2>/dev/null),uv venv --quiet --seed --python $(PYTHON) $(VENV),$(PYTHON) -m venv $(VENV))

$(VENV)/.demo: pyproject.toml sdk/pyproject.toml | $(BIN)/python
	@echo "Installing Watchkeeper and what the demo sends traffic with …"
	$(INSTALL) -e ./sdk -e '.[demo]'
	@touch $@

$(VENV)/.dev: pyproject.toml sdk/pyproject.toml | $(BIN)/python
	@echo "Installing Watchkeeper for development …"
	URLLIB3_NO_OVERRIDE=1 $(INSTALL) --no-binary urllib3-future -e ./sdk -e '.[dev]'
	@touch $@ $(VENV)/.demo

$(VENV)/.bench: $(VENV)/.dev
	$(INSTALL) -e '.[bench]'
	@touch $@

setup: $(VENV)/.dev ## create the environment with both distributions and all tools

demo: $(VENV)/.demo ## two weeks of calls with planted trouble, then live traffic: what was found, and what to do (about 2 minutes)
	$(BIN)/python -m demo $(ARGS)

demo-check: $(VENV)/.demo ## the same, and it fails unless all that was planted was reported, and nothing else
	$(BIN)/python -m demo --check $(ARGS)

demo-kafka: $(VENV)/.dev ## the same traffic through a Kafka broker (found or started)
	$(BIN)/python -m demo --kafka $(ARGS)

# Bytecode is kept even where the shell forbids it: else each process that a test starts compiles all of our code anew.
test: $(VENV)/.dev ## the whole suite
	env -u PYTHONDONTWRITEBYTECODE $(BIN)/python -m pytest -n auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder $(ARGS)

check: $(VENV)/.dev ## format, lint, types, import directions
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy $(SOURCES)
	$(BIN)/lint-imports

format: $(VENV)/.dev ## write the format that `check` asks for
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench-prepare: $(VENV)/.bench

bench: $(VENV)/.bench ## the figures README quotes (minutes; prints each with its peer)
	$(BIN)/python -m benchmarks $(ARGS)

up: $(VENV)/.demo ## one process: OTLP in, embedded store, API
	$(BIN)/watchkeeper up $(ARGS)

clean: ## remove the environment and caches
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis dist build
