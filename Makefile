# Thin wrappers: every target is one command that works without make as well.
PYTHON ?= python3
VENV := .venv/bin/python

.DEFAULT_GOAL := help
.PHONY: help run test lint format types front-end traces round-trips schema bench bench-start bench-growth bench-parts validation coverage pairing fuzz engines large-files docs wheel clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  %-11s %s\n", $$1, $$2}'

run: ## set up what is missing and serve the dashboard
	$(PYTHON) manage.py up

test: ## everything: lint, Python, front end, browser
	$(PYTHON) manage.py test

lint: ## ruff, mypy, import-linter
	$(PYTHON) manage.py lint

format: ## let ruff and biome write what lint would refuse
	$(VENV) -m ruff check --fix . && $(VENV) -m ruff format .
	$(VENV) -c "from architect.front_end_build import run_script; print(run_script('format'))"

types: ## mypy and tsc alone
	$(VENV) -m mypy
	$(VENV) -m pytest -q tests/test_front_end_units.py -k types

front-end: ## build the front end if its sources changed
	$(PYTHON) manage.py build

traces: ## write the golden traces anew; read the diff before you commit it
	HEADRACE_WRITE_TRACES=1 $(VENV) -m pytest -q tests/simulator -k trace

schema: ## write the JSON Schema of the design document anew, for editors and other programs
	$(VENV) -m simulator schema --document > docs/schema/headrace-1.json

bench: ## messages per second beside natural SimPy
	$(VENV) benchmarks/w1_against_natural_simpy.py

bench-start: ## start-up of a run, and its memory above the interpreter
	$(VENV) benchmarks/start_up.py

bench-growth: ## what a message costs as messages, nodes, backlog and keys grow, some minutes
	$(VENV) benchmarks/growth.py --picture docs/pictures/growth.svg

bench-parts: ## how long each part of the engine takes (OPTIONS for pytest-benchmark)
	$(VENV) -m pytest benchmarks/test_parts.py --benchmark-only -p no:cacheprovider $(OPTIONS)

validation: ## run every reference case of queueing theory and write docs/validation.md
	$(VENV) benchmarks/validation.py

coverage: ## how often the 95 % intervals hold the truth: 800 experiments, some minutes
	$(VENV) benchmarks/coverage_study.py

pairing: ## how far comparisons may be believed: 100 seeds, some minutes
	$(VENV) benchmarks/pairing_study.py

fuzz: ## 10,000 broken files for each importer, some minutes; CASES=N for more or fewer
	$(VENV) -m tests.simulator.formats.imports.fuzzing $(or $(CASES),10000)

engines: ## 10,000 generated designs by events and by recursion, half an hour; CASES=N for more or fewer
	HEADRACE_DESIGNS=$(or $(CASES),10000) $(VENV) -m pytest -q -n 4 --timeout 0 tests/simulator/experiments/test_stages.py -k generated

large-files: ## huge files of every kind: seconds and megabytes that each import takes, some minutes
	$(VENV) -m tests.simulator.formats.imports.large_files $(WORDS)

round-trips: ## what is exported, read by RabbitMQ, the AsyncAPI parser, cfn-lint, Graphviz and the SARIF schema; says what is missing
	$(VENV) -m pip install --quiet --editable ".[test,round-trips]"
	$(VENV) -m tests.round_trips.tools
	$(VENV) -m pytest -q -rs tests/round_trips tests/simulator/formats/test_round_trips.py

docs: ## the glossary, the links and the commands in the documentation are true
	$(VENV) -m pytest -q tests/test_house.py

wheel: ## an installable package that carries the built front end, in dist/
	$(VENV) -m pip wheel --no-deps --wheel-dir dist .

clean: ## remove what is built; designs and runs stay
	rm -rf build dist static/dist architect/frontend/node_modules .mypy_cache .ruff_cache .pytest_cache
