# Two commands on a fresh machine with Python 3.11 and make:
#   make demo   the pipeline over the example practice      make test   lint, types, tests
#   make crash  nights killed, starved and damaged, and run again
#   make soak   thirty nights over 1,000,000 lines, held against a single clean run
#   make fuzz   ten minutes of arbitrary bytes for the reader (needs atheris: Linux or macOS)
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV   := .venv
BIN    := $(VENV)/bin
export PIP_DISABLE_PIP_VERSION_CHECK = 1
export DO_NOT_TRACK = 1

.PHONY: demo test slow crash soak fuzz lint types unit install install-test install-fuzz dictionary queries findings samples bench-reader bench-year hostile audit clean

demo: install
	@$(BIN)/shortpay demo --home demo

test: install-test
	@$(MAKE) --no-print-directory -j 2 lint types unit

lint: install-test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: install-test
	$(BIN)/mypy

unit: install-test
	$(BIN)/python -m pytest -q -n auto --dist loadfile --no-loadscope-reorder

# Nights killed and finished by the next, or told in another order; marked names and numbers searched for in what they leave.
slow: install-test
	$(BIN)/python -m pytest -q -m slow
	EXAMPLES=100 $(BIN)/python -m pytest -q tests/contracts/test_properties.py

# Ten minutes of arbitrary bytes for the reader, or MINUTES=…; fails if it finds anything (see .fuzz/found/).
MINUTES ?= 10
fuzz: install-fuzz
	$(BIN)/python -m tests.fuzz.fuzz_reader --minutes $(MINUTES)
	@ls .fuzz/found; test -z "$$(ls .fuzz/found)"

# Two hours and more: kills, faults (as root also full disks and read-only folders), analysts who read through whole runs.
crash: install-test
	$(BIN)/python -m tests.crash.kills
	$(BIN)/python -m tests.crash.faults
	$(BIN)/python -m tests.crash.readers

# Hours, 6 GB of memory and 10 GB of disk at its full size (docs/soak.md). SOAK="--lines 100000 --nights 30 --kills 8"
soak: install-test
	$(BIN)/python -m tests.soak $(SOAK)

# What a remittance may be made of to do harm, at full size: half an hour and more, 6 GB of memory, 400 MB of disk.
hostile: install-test
	$(BIN)/python -m pytest -q -s tests/hostile/heavy.py
	$(BIN)/python -m pytest -q -m '' tests/hostile tests/flows/test_leaks.py

# Known faults of what we depend on, asked of the public advisories by package name and version.
audit: install
	$(PYTHON) -m venv .venv-audit
	.venv-audit/bin/python -m pip install --quiet 'pip-audit>=2.10'
	$(BIN)/python -m pip freeze --exclude-editable > .venv-audit/installed.txt
	.venv-audit/bin/pip-audit --strict --requirement .venv-audit/installed.txt --no-deps --disable-pip

dictionary: demo
	$(BIN)/python -m warehouse.dictionary demo/published/shortpay.duckdb > docs/dictionary.md

queries: demo
	$(BIN)/python -m warehouse.queries docs/queries.md demo/published/shortpay.duckdb

findings: install
	$(BIN)/python -m era_parser.codebook > docs/findings.md

# SHORTPAY_SHARED: the folder that holds data/835, the public sample remittances
SHORTPAY_SHARED ?= ../shared
samples: install
	$(BIN)/python -m warehouse.samples $(SHORTPAY_SHARED)/data/835 > docs/samples.md

# The readers it is measured beside stay out of the environment of the others.
bench-reader: install
	$(PYTHON) -m venv .venv-bench
	.venv-bench/bin/python -m pip install --quiet --editable . oxedi==0.6.0 edi-835-parser==1.8.0
	.venv-bench/bin/python -W ignore benchmarks/reader.py

# A simulated practice-year with known truth, scored; fails if a target is missed (docs/year.md). YEAR="--nights 12 --seed 7"
bench-year: install
	$(BIN)/python -m benchmarks.year $(YEAR)

install: $(VENV)/.installed
install-test: $(VENV)/.installed-test
install-fuzz: $(VENV)/.installed-fuzz

# A stamp a step: once it is there nothing is fetched again, so both commands work offline.
$(VENV)/.made:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "shortpay needs Python 3.11 or newer: make PYTHON=/path/to/python3.11 $(MAKECMDGOALS)"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/.installed: $(VENV)/.made pyproject.toml constraints.txt
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable .
	@touch $@

$(VENV)/.installed-test: $(VENV)/.installed
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[test]'
	@touch $@

$(VENV)/.installed-fuzz: $(VENV)/.installed-test
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[fuzz]'
	@touch $@

clean:
	rm -rf .fuzz $(VENV) .venv-audit .venv-bench demo build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
