# Every target sets up what it needs in .venv; nothing is done twice while pyproject.toml and
# constraints.txt stay as they are.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
EXTRAS := demo,training,admin,edge
AT_ONCE ?= $(shell echo $$((2 * $$(getconf _NPROCESSORS_ONLN))))
TESTS ?= tests/unit tests/golden tests/integration tests/browser tests/faults
TEST_ARGS ?=
PYTEST = $(BIN)/python -m pytest $(TEST_ARGS)
# Two files at once for each core: many tests wait most of their time for servers and programs. NumPy's threads, which
# spin while they wait, would then be in each other's way.
PYTEST_AT_ONCE = OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=1 $(PYTEST) --numprocesses $(AT_ONCE) --dist loadfile -m "not long and not alone"

.DEFAULT_GOAL := help
.PHONY: help demo test faults coverage check bench setup clean

help: ## show what can be made
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /  make \1|/' | column -t -s '|'

demo: $(VENV)/.demo ## run the whole system on a scripted store; SOURCE=0: a webcam, a file or a URL; STORY=file.toml; HISTORY=28: days
	@$(BIN)/python -m demo $(if $(SOURCE),--source "$(SOURCE)") $(if $(STORY),--story "$(STORY)") \
	  $(if $(HISTORY),--history "$(HISTORY)")

test: $(VENV)/.ready ## run all tests but the long fault tests (those that need Mosquitto or Redis skip, loudly, where these are not installed)
	$(PYTEST_AT_ONCE) $(TESTS)
	$(PYTEST) -m alone tests/integration

faults: $(VENV)/.ready ## all fault tests, the long ones too (20 minutes): kills, restarts, cuts, freezes; MOODLENS_FAULTS_SEED=n repeats a run
	$(PYTEST) tests/faults -m "long or not long"

coverage: $(VENV)/.ready ## which lines and branches the tests of `make test` run through
	$(PYTEST_AT_ONCE) $(TESTS) --cov --cov-report=term:skip-covered

check: $(VENV)/.ready ## format, lint, types, import rules, unit and golden tests
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(PYTEST_AT_ONCE) tests/unit tests/golden

bench: $(VENV)/.ready ## measure the streaming core stage by stage and whole; BENCH_ARGS="worker half": some stages
	$(BIN)/python -m bench $(BENCH_ARGS)

setup: $(VENV)/.ready ## set up .venv for development, and the pre-commit hook
	$(BIN)/pre-commit install

clean: ## remove .venv and caches
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache *.egg-info

$(VENV)/.pip: constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "MoodLens needs Python 3.11 or newer; choose one: make PYTHON=python3.13 ..."; exit 1; }
	@$(PYTHON) -m venv $(VENV) \
	  || { echo "Python's venv module is missing; on Debian: apt-get install python3-venv"; exit 1; }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt pip
	@touch $@

# Python compiles a module when it is first imported; compiling all of them takes as long as the rest of a set-up.
# It must be allowed to keep what it compiled, or every program that is started does it again.
unexport PYTHONDONTWRITEBYTECODE
# What the demo runs: no TensorFlow, no tools.
$(VENV)/.demo: pyproject.toml $(VENV)/.pip
	@echo "Setting up $(VENV): about 0.9 GB, one minute or two ..."
	$(BIN)/python -m pip install --no-compile --progress-bar on --disable-pip-version-check --constraint constraints.txt \
	  --editable ".[demo]"
	@touch $@

$(VENV)/.ready: pyproject.toml $(VENV)/.pip
	@echo "Setting up $(VENV): about 2 GB, one to three minutes (TensorFlow is most of it) ..."
	$(BIN)/python -m pip install --no-compile --progress-bar on --disable-pip-version-check --constraint constraints.txt \
	  --editable ".[$(EXTRAS)]" --group dev
	@touch $@ $(VENV)/.demo
