# The developer's verbs; `make help` tells what each is for.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
DATA ?= .demo
export TORCH_INDEX ALLOW_CUDA

.DEFAULT_GOAL := help
.PHONY: help install demo serve test check format bench lock clean

help:  ## Tell what each verb is for
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

install: $(VENV)/.installed  ## Make the virtual environment, install everything, prepare the model

$(VENV)/.installed: requirements-dev.lock pyproject.toml scripts/install_torch.py
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements-dev.lock
	$(BIN)/python scripts/install_torch.py
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	$(BIN)/mailroom models prepare
	@touch $@

demo: install  ## Read the samples, classify, route and ask, on a service of its own; then stop it
	$(BIN)/python scripts/demo.py --data $(DATA)

serve: install  ## Serve on http://127.0.0.1:8080 with the data of the demo (DATA=folder for another)
	MAILROOM_DATA_DIR=$(DATA) $(BIN)/mailroom serve

test: install  ## Run every test
	$(BIN)/python -m pytest

check: install  ## Lint, types, house rules
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: install  ## Put the code into its form
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: install  ## Measure what can be measured without other data
	$(BIN)/python benchmarks/embedding.py
	$(BIN)/python benchmarks/upload.py

lock: install  ## Resolve all dependencies anew
	UV=$(BIN)/uv scripts/lock.sh

clean:  ## Remove what install and demo made
	rm -rf $(VENV) $(DATA)
