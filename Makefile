# Every command here can be the first one ever run in a fresh clone: what it needs is set up on the way, once.
.DEFAULT_GOAL := help
.PHONY: help setup demo test lint format docs messages bench spark screening ledgerbench reliability requirements clean

BIN := .venv/bin
BOOTSTRAP := bash scripts/bootstrap.sh
# Pins come from the default index alone, so that the hashes of every platform's files are complete.
COMPILE := UV_INDEX= UV_FIND_LINKS= UV_CUSTOM_COMPILE_COMMAND='make requirements' $(BOOTSTRAP) uv pip compile \
	--quiet --upgrade --universal --python-version 3.11 --generate-hashes --no-annotate

SPHINX := $(BIN)/sphinx-build -q -n -W --keep-going docs docs/_build/html

define LINT
$(BIN)/ruff check
$(BIN)/ruff format --check
$(BIN)/mypy
$(BIN)/lint-imports --no-logo
endef

help: ## Show this list
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/make \1\t\2/p' Makefile | expand -t 20

setup: .venv/.stamp ## Create .venv with every extra, from pinned and hashed requirements

demo: .venv/.stamp ## Decide one export, H200s to Malaysia, with its reasons
	@$(BIN)/penstock decide examples/h200_to_malaysia.yaml --on 2026-06-15

test: .venv/.stamp ## Everything CI runs: style, types, layers, tests, documentation
	$(LINT)
	$(BIN)/pytest -n 2
	$(SPHINX)

lint: .venv/.stamp ## The checks of `make test` that read the code without running it
	$(LINT)

format: .venv/.stamp ## Put the code into house style
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

docs: .venv/.stamp ## Build the documentation into docs/_build/html
	$(SPHINX)

messages: .venv/.stamp ## Bring the catalogs of the languages up to date and list what lacks a translation
	$(BIN)/python scripts/messages.py

bench: .venv-bench/.stamp ## Measure Penstock against other engines, in an environment of its own
	.venv-bench/bin/python bench/run.py

spark: .venv-spark/.stamp ## Run the SQL text for Spark in a local session of Spark (slow; needs Java 17 or later)
	.venv-spark/bin/python -m pytest tests/spark_session.py

screening: .venv/.stamp ## Measure the screening of names and addresses on the lists beside the checkout (minutes)
	$(BIN)/python bench/screening/run.py
	$(BIN)/python bench/screening/addresses.py
	$(BIN)/python bench/screening/rings.py

ledgerbench: .venv/.stamp ## Measure the ledger beside row locks and SERIALIZABLE, on SQLite and PostgreSQL
	$(BIN)/python bench/ledger.py

reliability: .venv/.stamp ## Attack the ledger: kills, full disks, clocks, rival writers, ten million simulated operations
	$(BIN)/python -m tests.faults.run

requirements: ## Recompile the pins, each to its newest admitted version
	@$(COMPILE) pyproject.toml -o requirements/core.txt
	@$(COMPILE) pyproject.toml --extra bulk -o requirements/bulk.txt
	@$(COMPILE) pyproject.toml --all-extras -o requirements/dev.txt
	@$(COMPILE) pyproject.toml requirements/bench.in --extra bulk --extra fast -o requirements/bench.txt
	@$(COMPILE) pyproject.toml requirements/spark.in --extra bulk -o requirements/spark.txt
	@$(COMPILE) requirements/uv.in -o requirements/uv.txt

clean: ## Remove everything that was made here
	rm -rf .venv .venv-bench .venv-spark .venv-tools .venv-tools.log .uv-cache build dist docs/_build
	rm -rf .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

.venv/.stamp: requirements/dev.txt requirements/uv.txt pyproject.toml scripts/bootstrap.sh
	@$(BOOTSTRAP) env .venv requirements/dev.txt
	@touch $@

.venv-bench/.stamp: requirements/bench.txt requirements/uv.txt pyproject.toml scripts/bootstrap.sh
	@$(BOOTSTRAP) env .venv-bench requirements/bench.txt
	@touch $@

.venv-spark/.stamp: requirements/spark.txt requirements/uv.txt pyproject.toml scripts/bootstrap.sh
	@$(BOOTSTRAP) env .venv-spark requirements/spark.txt
	@touch $@
