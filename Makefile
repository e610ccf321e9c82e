# Everything a person or CI runs. It needs Python 3.11 or newer and make; `make` lists the targets.
#
#   PYTHON=python3.12 make setup    use this interpreter rather than the first that fits
#   PYTEST_ARGS='-k state -x' make test

.DEFAULT_GOAL := help
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c

BIN := .venv/bin
STAMP := .venv/.stamp
PYTHON ?=
CANDIDATES := python3.13 python3.12 python3.11 python3
# A name on PATH may be a shim of a version that is not installed, hence the trial run.
USABLE := import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))
PYTEST_ARGS ?=

.PHONY: help setup demo test test-slow lint format bench build clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-10s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

setup: $(STAMP) ## create .venv with lamform and all tools (quick when nothing changed)

demo: $(STAMP) ## run the quickstart against an emulated AWS, no account needed
	@PATH="$(CURDIR)/$(BIN):$$PATH" bash examples/quickstart/demo.sh

test: lint ## lint, then every test that is not slow
	$(BIN)/pytest -n auto -rs -m "not slow" $(PYTEST_ARGS)

test-slow: $(STAMP) ## the slow tests
	$(BIN)/pytest -n auto -rs -m slow $(PYTEST_ARGS)

lint: $(STAMP) ## ruff, mypy and the import contracts
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

format: $(STAMP) ## format the code and repair what ruff can repair
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(STAMP) ## measure against peers in one run, as ratios
	$(BIN)/python tests/bench/run.py

build: $(STAMP) ## source distribution and wheel in dist/
	$(BIN)/python -m build

clean: ## remove caches and built files (keeps .venv)
	rm -rf build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find . -path ./.venv -prune -o -type d -name __pycache__ -exec rm -rf {} +

$(STAMP): pyproject.toml
	@if [ ! -x $(BIN)/python ]; then \
	  for candidate in $(or $(PYTHON),$(CANDIDATES)); do \
	    if "$$candidate" -c '$(USABLE)' >/dev/null 2>&1; then found=$$candidate; break; fi; \
	  done; \
	  if [ -z "$${found:-}" ]; then \
	    echo "error: no Python 3.11 or newer with venv and ensurepip among: $(or $(PYTHON),$(CANDIDATES))." >&2; \
	    echo "       Install one (Debian: python3 and python3-venv) or name it: PYTHON=/path/to/python make setup" >&2; \
	    exit 1; \
	  fi; \
	  "$$found" -m venv --clear .venv; \
	fi
	$(BIN)/python -m pip install --quiet --disable-pip-version-check 'pip>=25.1' # the first with --group
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[sandbox]' --group dev
	@touch $@
