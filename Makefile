# One virtual environment for everything, in $(VENV). Stamp files record what is installed.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin

# The dependency groups of pyproject.toml. */*.mk add more targets and groups.
GROUPS := dev

# What CI tests, in one run that leaves no processor idle. */*.mk put what takes longest first.
CI_TESTS := tests

INSTALL := pip install --quiet --require-hashes -c requirements-all.txt
COMPILE := uv pip compile --quiet --upgrade --universal --generate-hashes --no-emit-index-url \
	--python-version 3.11 --custom-compile-command "make lock"

# Workers start with separate blocks of tests, so that they rarely repeat a module's fixtures.
PYTEST := pytest -n auto --dist worksteal

# Container images set it. Without it, each of the tests' hundreds of processes reuses compiled code.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help run demo dev test test-all lint check ci format lock pictures rename lean

help: ## Show this list
	@sed -n 's/^\([a-z-]*\):.*## /\1	/p' $(MAKEFILE_LIST) | expand -t 10

run: $(VENV)/installed ## Serve on 127.0.0.1:8080 with the database in data/db.sqlite3
	@exec $(BIN)/python -m flask_things

demo: ## Fill the running service with thirty interesting things
	@$(PYTHON) tools/demo.py

dev: $(VENV)/installed ## Serve with a debugger, and reload when the code changes
	@$(BIN)/flask db upgrade
	@exec $(BIN)/flask run --debug --host 127.0.0.1 --port "$${PORT:-8080}"

test: $(VENV)/installed-dev ## Run the fast tests
	@$(BIN)/$(PYTEST) -m "not slow"

test-all: $(VENV)/installed-dev ## Run all tests
	@$(BIN)/$(PYTEST)

check: lint test-all ## Run formatter, linters, types, import contract and all tests

lint: $(VENV)/installed-dev
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/hadolint Dockerfile
	$(BIN)/actionlint

ci: lint ## Run everything that CI runs
	$(BIN)/$(PYTEST) $(CI_TESTS)

format: $(VENV)/installed-dev ## Format the code, and apply the linter's fixes
	$(BIN)/ruff format
	$(BIN)/ruff check --fix

lock: $(VENV)/installed-dev ## Update both requirements files to the newest versions
	$(BIN)/$(COMPILE) setup.cfg -o requirements.txt
	$(BIN)/$(COMPILE) setup.cfg -o requirements-all.txt -c requirements.txt --all-extras \
		$(addprefix --group ,$(GROUPS))

pictures: $(VENV)/installed-dev ## Retake the pictures of the documentation (needs chromium and curl)
	@$(BIN)/python tools/pictures.py

rename: ## Name a fork: make rename NAME=acme_notes
	@$(PYTHON) tools/rename.py "$(NAME)"

lean: ## Remove judges, benchmarks, Litestream and the example from a fork
	@$(PYTHON) tools/lean.py

$(BIN)/pip:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "flask-things needs Python 3.11 or later: make PYTHON=…")'
	$(PYTHON) -m venv $(VENV)

$(VENV)/installed: requirements.txt setup.cfg pyproject.toml | $(BIN)/pip
	$(BIN)/pip install --quiet --require-hashes -r requirements.txt
	$(BIN)/pip install --quiet --no-deps --editable .
	@touch $@

# The pip of Python 3.13 and earlier supports neither groups nor hashes from constraints.
$(VENV)/installed-dev: pyproject.toml requirements-all.txt $(VENV)/installed
	sed -n '/^pip==/,/# via/p' requirements-all.txt | $(BIN)/pip install --quiet --require-hashes -r /dev/stdin
	$(BIN)/$(INSTALL) --group dev
	@touch $@

include $(wildcard */*.mk)
