# One environment for everything, in $(VENV). Its stamps make a second call start at once.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin

# The dependency groups of pyproject.toml. What else can be made here, with its group, is in */*.mk.
GROUPS := dev
INSTALL := pip install --quiet --require-hashes -c requirements-all.txt
COMPILE := uv pip compile --quiet --upgrade --universal --generate-hashes --no-emit-index-url \
	--python-version 3.11 --custom-compile-command "make lock"

# Each worker begins with a part of its own, so that few fixtures of a module are made twice.
PYTEST := pytest -n auto --dist worksteal

# Images of containers set it. The tests start hundreds of processes, which would compile the package.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help run demo dev test test-all check ci format lock pictures rename lean

help: ## Show this list
	@sed -n 's/^\([a-z-]*\):.*## /\1	/p' $(MAKEFILE_LIST) | expand -t 10

run: $(VENV)/installed ## Serve on 127.0.0.1:8080 with the database in data/db.sqlite3
	@exec $(BIN)/python -m flask_things

demo: ## Fill the running service with thirty things worth looking at
	@$(PYTHON) tools/demo.py

dev: $(VENV)/installed ## Serve, with a debugger, and reload when the code changes
	@$(BIN)/flask db upgrade
	@exec $(BIN)/flask run --debug --host 127.0.0.1 --port "$${PORT:-8080}"

test: $(VENV)/installed-dev ## Run the fast tests
	@$(BIN)/$(PYTEST) -m "not slow"

test-all: $(VENV)/installed-dev ## Run all tests
	@$(BIN)/$(PYTEST)

check: $(VENV)/installed-dev ## Run formatter, linters, types, import contract and all tests
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/hadolint Dockerfile
	$(BIN)/actionlint
	$(BIN)/$(PYTEST)

ci: check ## Run everything that CI runs

format: $(VENV)/installed-dev ## Format the code, and mend what the linter can
	$(BIN)/ruff format
	$(BIN)/ruff check --fix

lock: $(VENV)/installed-dev ## Compile both requirements files anew, with the newest versions
	$(BIN)/$(COMPILE) setup.cfg -o requirements.txt
	$(BIN)/$(COMPILE) setup.cfg -o requirements-all.txt -c requirements.txt --all-extras \
		$(addprefix --group ,$(GROUPS))

pictures: $(VENV)/installed-dev ## Take the pictures of the documentation anew (needs chromium and curl)
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

# The pip that comes with Python 3.13 or earlier does not take groups, nor hashes from constraints.
$(VENV)/installed-dev: pyproject.toml requirements-all.txt $(VENV)/installed
	sed -n '/^pip==/,/# via/p' requirements-all.txt | $(BIN)/pip install --quiet --require-hashes -r /dev/stdin
	$(BIN)/$(INSTALL) --group dev
	@touch $@

include $(wildcard */*.mk)
