# The commands of the house. `make demo` shows it, `make test` proves it.
.PHONY: help install demo demo-reset test test-long lint bench prove
.DEFAULT_GOAL := help

export DEMO_DOSSIERS DEMO_MONTH DEMO_SEED PORT PROVE_MONTHS PROVE_SEED PROVE_MINUTES

help: ## say what there is
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 14

install: ## install system packages, .venv and locked dependencies
	@ops/install.sh

demo: install ## build the demonstration country once and serve it until Ctrl-C (PORT, DEMO_DOSSIERS, DEMO_MONTH)
	@ops/demo.sh

demo-reset: ## forget the demonstration country
	rm -rf var/demo

lint: ## style, types and floors
	@ops/install.sh --tests
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	.venv/bin/lint-imports

test: lint ## all tests but the long ones, on SQLite and PostgreSQL, with Chromium
	.venv/bin/pytest -n 2 --dist loadfile -m "not long"

test-long: ## kill, fuzz, attack, Spark and the full browser matrix
	@ops/install.sh --tests --spark
	.venv/bin/pytest -n 2 --dist loadfile -m long

bench: ## the hot paths, each as a ratio to a limit measured in the same run
	@ops/install.sh --tests
	.venv/bin/python -m bench

prove: ## measure on months whose truth is known how far the figures can be trusted (PROVE_MONTHS, PROVE_SEED, PROVE_MINUTES)
	@ops/install.sh
	.venv/bin/python -m simulation.honesty.prove
