# The short form of the commands in README.md.
PYTHON ?= python3
BIN := .venv/bin

# Compiled modules are kept whatever the environment says: tests start many processes, which import the same again.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: demo test lint pytest programs lock release

.venv/ready: pyproject.toml requirements/ci.lock
	$(PYTHON) -m venv .venv
	sed -n '/^uv==/,/[^\\]$$/p' requirements/ci.lock > .venv/uv.txt
	$(BIN)/python -m pip install --quiet --no-compile --require-hashes --requirement .venv/uv.txt
	DIST_EXTRA_CONFIG="$(CURDIR)/requirements/build.cfg" \
		$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes --requirement requirements/ci.lock
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	touch .venv/ready

demo: .venv/ready
	$(BIN)/accountmap demo --yes

test: lint pytest

# Tests take both cores of a small machine (tests/conftest.py), and no more than eight of a large one.
pytest: programs .venv/ready
	$(BIN)/pytest --numprocesses logical --maxprocesses 8

lint: .venv/ready
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy

# Installs the programs that tests drive, with apt as root; elsewhere it says which tests are skipped without them.
programs:
	$(PYTHON) -m tests.programs

# Renews the versions that CI uses, within the bounds of pyproject.toml, with the hashes of their files.
lock: .venv/ready
	$(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes --no-annotate \
		--no-emit-index-url --no-emit-find-links --no-emit-package accountmap --custom-compile-command "make lock" \
		--extra test --extra fuzz --extra release --output-file requirements/ci.lock pyproject.toml

# Builds what is uploaded into dist/, and tries it.
release: .venv/ready
	$(BIN)/python tools/release.py
