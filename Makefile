# Everything runs inside .venv, which the first target that needs it sets up; only Python ≥ 3.11 and make are assumed.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
BUILD := build

.DEFAULT_GOAL := help
.PHONY: help setup run corpus check rules-check format test golden clean

help:  ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(READY)  ## make .venv with everything the project needs

$(READY): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("curate needs Python 3.11 or newer; this is %s. Name another: make PYTHON=python3.12 …" % sys.version.split()[0] if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@

run: $(READY)  ## clean samples/ into build/samples/
	$(BIN)/curate clean samples/pages --config samples/curate.toml -o $(BUILD)/samples

corpus: $(READY)  ## clean IN=… into OUT=… [CONFIG=…] [WORKERS=…]
	@test -n "$(IN)" -a -n "$(OUT)" || { echo 'usage: make corpus IN="pages/ more.jsonl" OUT=corpus [CONFIG=curate.toml] [WORKERS=4]' >&2; exit 2; }
	$(BIN)/curate clean $(IN) -o $(OUT) $(if $(CONFIG),--config $(CONFIG)) $(if $(WORKERS),--workers $(WORKERS))

check: $(READY)  ## format, lint, types, layers
	$(BIN)/ruff format --check curate tests
	$(BIN)/ruff check curate tests
	$(BIN)/mypy
	$(BIN)/pytest tests/test_layers.py

rules-check: $(READY)  ## the rule files: lint, their own tests, the keep-corpus, the speed
	$(BIN)/curate rules lint
	$(BIN)/curate rules test --budget 30
	$(BIN)/curate rules lint samples/rules
	$(BIN)/curate rules test samples/rules

format: $(READY)  ## put the code into the formatter's layout
	$(BIN)/ruff format curate tests
	$(BIN)/ruff check --fix curate tests

test: $(READY)  ## all tests
	$(BIN)/pytest

golden: $(READY)  ## rewrite the expected results in samples/; review the diff like code
	$(BIN)/pytest tests/test_samples.py --golden

clean:  ## remove what was built, .venv included
	rm -rf $(BUILD) $(VENV) .mypy_cache .pytest_cache .ruff_cache .hypothesis
