# The short form of the commands in README.md.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: demo test lint lock

.venv/ready: pyproject.toml requirements/ci.lock
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --requirement requirements/ci.lock
	$(BIN)/python -m pip install --quiet --no-deps --editable .
	touch .venv/ready

demo: .venv/ready
	$(BIN)/accountmap demo --yes

test: .venv/ready lint
	$(BIN)/pytest

lint: .venv/ready
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy

# Renews the versions that CI uses, within the bounds of pyproject.toml.
lock:
	$(BIN)/python -m pip install --quiet pip-tools
	$(BIN)/pip-compile --quiet --strip-extras --no-emit-index-url --no-emit-trusted-host --no-emit-find-links \
		--no-annotate --unsafe-package accountmap --extra test --output-file requirements/ci.lock pyproject.toml
