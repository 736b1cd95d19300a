# Needs Python 3.11 or newer, git and make; everything else is set up in .venv. Runs with GNU make 3.81 too.
SHELL := /bin/sh
# One more than the processors of a small machine: many tests wait for another process.
JOBS ?= 3
ARGS ?=
BIN := .venv/bin
# Empty counts as unset: where it is set, every start of Python would compile all of its libraries anew.
export PYTHONDONTWRITEBYTECODE :=
# A thousand small databases are flushed to the drive again and again; in memory that costs nothing. A killed process
# loses nothing there either: only a loss of power would, which no test can bring about. Needs about 1 GB.
IN_MEMORY := $(shell test -w /dev/shm && test "$$(df -Pk /dev/shm | awk 'NR == 2 { print $$4 }')" -gt 4000000 && echo /dev/shm)
PYTEST := $(if $(IN_MEMORY),PYTEST_DEBUG_TEMPROOT=$(IN_MEMORY) )$(BIN)/pytest

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "%-12s%s\n", $$1, $$2 }' Makefile

run: .venv/.ready-run ## run the whole pipeline on the built-in demo: no account, no network
	@$(BIN)/music-sync demo

setup: .venv/.ready-run ## set up what is missing to run
	@echo 'Music Sync is set up: $(BIN)/music-sync --help'

test: .venv/.ready-test ## run the tests; ARGS=tests/audio for some
	@$(PYTEST) -n $(JOBS) --dist worksteal $(ARGS)

test-long: .venv/.ready-test ## run the tests in their long form too
	@$(PYTEST) -n $(JOBS) --dist worksteal -m "slow or not slow" $(ARGS)

check: lint docs-check ## everything that a change must pass, the tests last
	@$(PYTEST) -n $(JOBS) --dist worksteal

lint: .venv/.ready-check ## format, rules, types, layers, shell scripts
	@$(BIN)/ruff format --check
	@$(BIN)/ruff check
	@$(BIN)/mypy src tests scripts continuous_handoff_orchestrator.py $(wildcard benchmarks/*.py)
	@$(BIN)/lint-imports
	@if [ -x $(BIN)/shellcheck ]; then $(BIN)/shellcheck $(SHELL_SCRIPTS); else echo 'shellcheck: no wheel here'; fi

fix: .venv/.ready-check ## format and mend what can be mended by itself
	@$(BIN)/ruff check --fix
	@$(BIN)/ruff format

docs: .venv/.ready-run ## write docs/settings.md from the settings themselves
	@$(BIN)/music-sync config docs > docs/settings.md.new
	@mv docs/settings.md.new docs/settings.md

docs-check: .venv/.ready-run ## is docs/settings.md up to date?
	@$(BIN)/music-sync config docs | diff docs/settings.md - >&2 \
		|| { echo 'docs/settings.md is not what the settings say: run `make docs`' >&2; exit 1; }

bench: .venv/.ready-bench ## measure
	@for program in $(wildcard benchmarks/*.py); do echo "$$program"; $(BIN)/python "$$program" || exit 1; done

lock: .venv/.ready-run ## write requirements/ from pyproject.toml; UPGRADE=1 takes newer versions
	@scripts/lock.sh $(if $(UPGRADE),--upgrade)

clean: ## remove .venv and caches; library, state and settings stay
	rm -rf .venv build dist .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find src tests scripts -name __pycache__ -type d -prune -exec rm -rf {} +

SHELL_SCRIPTS := .ci/run scripts/set_up.sh scripts/lock.sh scripts/setup_music_sync_cron.sh
SETS := run test check bench

$(SETS:%=.venv/.ready-%): .venv/.ready-%: requirements/%.txt requirements/setup.txt pyproject.toml scripts/set_up.sh
	@scripts/set_up.sh $*

# A .venv that was moved, or whose Python is gone, is set up anew whatever the files' times say.
ifneq ($(shell .venv/bin/python -c "" 2>/dev/null && cat .venv/.place 2>/dev/null),$(shell pwd -P))
$(SETS:%=.venv/.ready-%): anew
endif

.PHONY: help run setup test test-long check lint fix docs docs-check bench lock clean anew
