# Everything installs into a virtual environment of its own; nothing is needed but Python and make.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin

.PHONY: demo test check bench kill fuzz snapshots screenshots clean help

help:
	@echo "make demo         install, and run the main job on the sample project"
	@echo "make test         install what the tests need, and run them"
	@echo "make check        format, lint, types, import contracts"
	@echo "make bench        measure everything; writes docs/benchmarks.md"
	@echo "make kill         the long kill test"
	@echo "make screenshots  the pictures of README and docs"

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/base.stamp: $(BIN)/python pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	@touch $@

$(VENV)/test.stamp: $(BIN)/python pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable ".[test]"
	@touch $@

$(VENV)/check.stamp: $(BIN)/python pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable ".[test,check]"
	@touch $@

$(VENV)/bench.stamp: $(BIN)/python pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable ".[test,bench]"
	@touch $@

demo: $(VENV)/base.stamp
	$(BIN)/tui-labeler demo --home .demo --headless

test: $(VENV)/test.stamp
	$(BIN)/python -m pytest -n 2 --dist loadfile

check: $(VENV)/check.stamp
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(VENV)/bench.stamp
	$(BIN)/python -m benchmarks

kill: $(VENV)/test.stamp
	$(BIN)/python -m tests.durability.harness --kills 50

screenshots: $(VENV)/test.stamp
	$(BIN)/python -m docs.generate --pictures

clean:
	rm -rf $(VENV) .demo .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis build dist
