# The two commands a newcomer needs: `make run` and `make test`. Both make .venv first.
PYTHON ?= python3
BIN := .venv/bin
export PATH := $(CURDIR)/$(BIN):$(PATH)

.PHONY: help run test lint bench clean

help:
	@echo "make run    environment, then the whole pipeline: metrics.json, result.csv, plots"
	@echo "make test   environment, then the tests"
	@echo "make lint   environment, then the linter"
	@echo "make bench  environment, then the side-by-side benchmarks (minutes)"
	@echo "make clean  remove the environment; results and the DVC cache stay"

.venv/run.stamp: requirements.txt
	@echo ">> environment: .venv with the pinned requirements.txt (about 2 GB, a few minutes, once)"
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed, this is " + sys.version)'
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --disable-pip-version-check -r requirements.txt
	@touch $@

.venv/test.stamp: .venv/run.stamp requirements-dev.txt
	@echo ">> environment: what the tests need besides"
	@$(BIN)/python -m pip install --disable-pip-version-check -q -r requirements-dev.txt
	@touch $@

run: .venv/run.stamp
	@echo ">> pipeline: dvc repro runs what is not up to date"
	dvc repro
	@dvc metrics show
	@echo ">> answers: result.csv   pictures: plots/   model: models/   try also: dvc plots show"

test: .venv/test.stamp
	@echo ">> tests"
	python -m pytest

lint: .venv/test.stamp
	ruff check .
	ruff format --check .

bench: .venv/test.stamp
	python -m benchmarks.voting

clean:
	rm -rf .venv
