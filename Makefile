# Each target says what it does; `make` alone lists them.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.made
# Three test processes for two cores, for some of them wait; each has a PostgreSQL of its own. Files come in the order of tests/conftest.py.
PYTEST := $(BIN)/python -m pytest -q -n 3 --dist loadfile --no-loadscope-reorder
# The browser is Debian's own Chromium; Playwright need not fetch one.
PYTEST_BROWSER := PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD=1 $(BIN)/python -m pytest -q -n 2 --dist worksteal -m browser tests/browser

help:                ## list the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /: /'

setup: $(STAMP)      ## make .venv with everything, from the lock file

$(STAMP): requirements.lock pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --no-compile --requirement requirements.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --editable .
	touch $(STAMP)

demo: $(STAMP)       ## an invented city goes over and lives a year; then its page at http://127.0.0.1:8000
	$(BIN)/shebaoka demo

tour: $(STAMP)       ## one person's whole life with the card, as a story in the terminal
	$(BIN)/shebaoka tour

test: $(STAMP) softhsm virtual-card  ## everything that must hold, in under 8 minutes on 2 cores
	$(PYTEST)

test-long: $(STAMP) softhsm  ## faults under load, fuzzing, the model and the laws at full length; the last line is JSON
	PYTHONPATH=tests $(BIN)/python -m tests.long

test-browser: $(STAMP) chromium virtual-card  ## the pages as a browser shows them, held against axe-core: every page, at two sizes, by keyboard
	$(PYTEST_BROWSER)

lint: $(STAMP)       ## style, types, floors
	$(BIN)/ruff check src tests bench
	$(BIN)/ruff format --check src tests bench
	$(BIN)/mypy
	$(BIN)/lint-imports

bench-desk: $(STAMP) ## requests a second at the desk beside pgbench's TPC-B; the last line is JSON
	$(BIN)/python -m bench.desk

bench-settlement: $(STAMP)  ## settlements a second beside one SQL statement, TPC-B and django-hordak; the last line is JSON
	$(BIN)/python -m bench.settlement

# 1 is 3.4 million people and 30 million records.
SCALE ?= 0.01
bench-import: $(STAMP)  ## a city moved over beside raw COPY of its files; SCALE=1 is the whole city; the last line is JSON
	$(BIN)/python -m bench.importing --scale $(SCALE)

# Among all 3.4 million people, unless another SCALE is asked for; KEEP=folder keeps them, and a second run uses them again.
bench-window: $(STAMP)  ## finding a person, and their page, among 3.4 million; SCALE=0.01 is fewer; the last line is JSON
	$(BIN)/python -m bench.window --scale $(if $(filter file,$(origin SCALE)),1,$(SCALE)) $(if $(KEEP),--home $(KEEP))

# The bars are for 100,000 cards; CARDS=10000 is a smaller batch.
CARDS ?= 100000
bench-making: $(STAMP)  ## a batch of cards to its maker and back, photos and desk included; CARDS=10000 is fewer; the last line is JSON
	$(BIN)/python -m bench.making --cards $(CARDS)

bench-public: $(STAMP) wrk  ## public pages a second beside a plain server of bytes, and the window while look-ups flood; the last line is JSON
	$(BIN)/python -m bench.public

pictures: $(STAMP) chromium  ## the pictures in docs/pictures: a run's report, and the office's page of it
	$(BIN)/python -m bench.pictures docs/pictures

screenshots: $(STAMP) chromium  ## the pictures of office and window in docs/pictures, 1366 by 768
	PYTHONPATH=tests $(BIN)/python -m tests.browser.pictures docs/pictures

lock: $(STAMP)       ## pin the newest versions that fit pyproject.toml
	$(BIN)/pip install --quiet pip-tools
	$(BIN)/pip-compile --quiet --upgrade --no-header --strip-extras --no-emit-index-url --no-emit-find-links \
	  --no-emit-trusted-host --no-emit-options --extra dev --extra hsm --output-file requirements.lock pyproject.toml

# The vault is tested against SoftHSM 2, a PKCS#11 module that Debian has.
softhsm:
	@ls /usr/lib/softhsm/libsofthsm2.so /usr/lib/*/softhsm/libsofthsm2.so >/dev/null 2>&1 || \
	  { test "$$(id -u)" = 0 && apt-get update -qq && apt-get install -y -qq softhsm2 >/dev/null; } || \
	  echo "SoftHSM 2 is missing; install it: apt-get install softhsm2"

# Cards are read and written in vsmartcard's virtual reader, by Debian's service for readers; pyscard is built here.
CARD_READER := pcscd vsmartcard-vpcd libpcsclite-dev swig gcc libc6-dev python3-dev
virtual-card: $(STAMP)  ## a virtual card reader, to try cards and readers with: pcscd, vsmartcard and pyscard
	@{ ls /usr/lib/pcsc/drivers/serial/libifdvpcd.so && $(BIN)/python -c "import smartcard"; } >/dev/null 2>&1 || \
	  { test "$$(id -u)" = 0 && apt-get update -qq && \
	    apt-get install -y -qq --no-install-recommends $(CARD_READER) >/dev/null && \
	    $(BIN)/pip install --quiet --disable-pip-version-check pyscard==2.3.1; } || \
	  echo "The virtual reader is missing; install it: apt-get install $(CARD_READER), then pip install pyscard"

# Pages are tested and pictured by Chromium without a screen. Its letters come from the wheel that papers are set with.
chromium:
	@command -v chromium chromium-browser google-chrome >/dev/null || \
	  { test "$$(id -u)" = 0 && apt-get update -qq && apt-get install -y -qq chromium >/dev/null; } || \
	  { echo "Chromium is missing; install it: apt-get install chromium"; exit 1; }

# What asks for public pages as fast as they come is wrk, which Debian has.
wrk:
	@command -v wrk >/dev/null || { test "$$(id -u)" = 0 && apt-get update -qq && apt-get install -y -qq wrk >/dev/null; } || \
	  { echo "wrk is missing; install it: apt-get install wrk"; exit 1; }

.PHONY: help setup demo tour test test-long test-browser lint bench-desk bench-settlement bench-import bench-window bench-making bench-public pictures screenshots lock softhsm virtual-card chromium wrk
