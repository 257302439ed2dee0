# Set-up, demo, tests, UI. `make demo` and `make test` need git, make and Python 3.11 or newer, nothing else.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.DEFAULT_GOAL := help
.PHONY: help demo dev test lint types unit lock clean

help:  ## This list
	@grep -E '^[a-z]+:.*##' Makefile | awk -F ':.*## ' '{printf "  make %-7s %s\n", $$1, $$2}'

# The virtual environment is made again only when the lock or the project's metadata change.
# The lock is complete, so nothing is resolved here (--no-deps).
$(VENV)/.installed: requirements-dev.lock pyproject.toml
	@echo "Installing into $(VENV) (once; a minute or two)"
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed; name it with PYTHON=python3.11")'
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements-dev.lock
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --editable .
	@touch $@

demo: $(VENV)/.installed  ## A sandbox company from Robaws to export files, in half a minute
	@$(BIN)/robaws-pipeline demo

dev: $(VENV)/.installed  ## The Dagster UI on your companies, or on the sandbox when none is configured
	@$(BIN)/robaws-pipeline dev

test: lint types unit  ## What CI runs

lint: $(VENV)/.installed
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/lint-imports --no-logo

types: $(VENV)/.installed
	@$(BIN)/mypy

unit: $(VENV)/.installed
	@$(BIN)/pytest -n 2 --dist worksteal

lock:  ## Resolve the locked versions anew (needs uv)
	uv pip compile -q --no-strip-extras --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --no-header pyproject.toml -o requirements.lock
	uv pip compile -q --no-strip-extras --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --no-header pyproject.toml --extra validate --group dev -o requirements-dev.lock

clean:  ## Remove the environment, caches and the demo's data
	rm -rf $(VENV) .demo .mypy_cache .ruff_cache .pytest_cache
