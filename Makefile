# Everything runs inside .venv, which the first target that needs it sets up; only Python ≥ 3.11 and make are assumed.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
BUILD := build
EXTRAS := dev
# Labelled pages with their scoring: a folder with score.py and dev/. They belong to their publishers and are no part of the project.
QUALITY ?= ../shared/quality
# What the pages of a set weigh in training: those with a gold text by hand the most, the uneven ones the least.
SET_WEIGHTS := $(foreach set,html:fundus=0.8 html:fundus_eval=0.6 html:segments=0.5 html:readability=0.8 html:wcxb=0.3,--weight $(set))
# A folder that was named has to be there; the usual one may be missing.
GATE = --quality $(QUALITY) $(if $(filter file,$(origin QUALITY)),,--required) -o $(BUILD)/gate $(SET_WEIGHTS) $(if $(FOLD),--fold $(FOLD)) $(if $(WORKERS),--workers $(WORKERS))

.DEFAULT_GOAL := help
.PHONY: help setup run corpus check rules-check format test gate gate-raise model scale bench-scale golden clean

help:  ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(READY)  ## make .venv with everything the project needs

$(READY): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("curate needs Python 3.11 or newer; this is %s. Name another: make PYTHON=python3.12 …" % sys.version.split()[0] if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[$(EXTRAS)]'
	@touch $@

run: $(READY)  ## clean samples/ into build/samples/
	$(BIN)/curate clean samples/pages --config samples/curate.toml -o $(BUILD)/samples

corpus: $(READY)  ## clean IN=… into OUT=…, or go on [CONFIG=…] [WORKERS=…] [MEMORY=…] [INDEX=…] [ALLOW_FAILED=…]
	@test -n "$(IN)" -a -n "$(OUT)" || { echo 'usage: make corpus IN="pages/ more.jsonl" OUT=corpus [CONFIG=curate.toml] [WORKERS=4]' >&2; exit 2; }
	$(BIN)/curate clean $(IN) -o $(OUT) $(if $(CONFIG),--config $(CONFIG)) $(if $(WORKERS),--workers $(WORKERS)) \
		$(if $(MEMORY),--memory $(MEMORY)) $(if $(INDEX),--index $(INDEX)) $(if $(ALLOW_FAILED),--allow-failed $(ALLOW_FAILED))

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

test: $(READY)  ## all tests [JOBS=2: so many files of them at one time]
	$(BIN)/pytest $(if $(JOBS),-n $(JOBS) --dist loadfile)

gate: $(READY)  ## the page model's figures, cross-validated on QUALITY=… [FOLD=1], against tests/gate/figures.json
	$(BIN)/python tests/gate/gate.py check $(GATE)

gate-raise: $(READY)  ## freeze the figures that are better [FOLD=1] [LOWER=1: the lower ones too]
	$(BIN)/python tests/gate/gate.py raise $(GATE) $(if $(LOWER),--lower)

model: $(READY)  ## train the page model on QUALITY=… and put its weights and cards in their places
	$(BIN)/curate model train $(QUALITY)/dev -o $(BUILD)/model $(SET_WEIGHTS) $(if $(WORKERS),--workers $(WORKERS))
	cp $(BUILD)/model/text.weights $(BUILD)/model/html.weights curate/models/
	cp $(BUILD)/model/text.md docs/model-text.md
	cp $(BUILD)/model/html.md docs/model-html.md

scale: $(READY)  ## what runs across so many generated documents take, into build/scale/ [DOCUMENTS=1000,10000] [WORKERS=1,2]
	$(BIN)/python tests/scale/rates.py
	$(BIN)/python tests/scale/scale.py -o $(BUILD)/scale $(if $(DOCUMENTS),--documents $(DOCUMENTS)) $(if $(WORKERS),--workers $(WORKERS))

bench-scale: $(READY)  ## unit costs, and what a large crawl costs by them, into build/units/ [PAGES=300] [DOCUMENTS=20000]
	$(BIN)/python tests/scale/units.py -o $(BUILD)/units $(if $(PAGES),--pages $(PAGES)) $(if $(DOCUMENTS),--documents $(DOCUMENTS))
	$(BIN)/python tests/scale/costs.py $(BUILD)/units/units.json > $(BUILD)/units/costs.md
	@cat $(BUILD)/units/costs.md

golden: $(READY)  ## rewrite the expected results in samples/; review the diff like code
	$(BIN)/pytest tests/test_samples.py tests/filters/test_page_model.py --golden

clean:  ## remove what was built, .venv included
	rm -rf $(BUILD) $(VENV) .mypy_cache .pytest_cache .ruff_cache .hypothesis
