# Everything a person does here. Each target sets up what it needs; Python 3.11+ is all it asks for.
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready
export PATH := $(CURDIR)/$(BIN):$(PATH)
export UV_LINK_MODE ?= copy
# What is started a thousand times is compiled once, whatever the shell says.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help setup demo test quick quick-files quick-rooms check mutants format unit stacks explorer flow apart newcomer lint types synth review diff deploy wheel bench clean update

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(READY) ## Make the environment: Python packages, Node.js, the CDK command line, the kernel

KERNEL := tuning/datasets/kernel

$(READY): requirements.txt requirements-dev.txt package-lock.json pyproject.toml $(KERNEL)/lines.c $(wildcard $(KERNEL)/*.h) $(KERNEL)/build.py
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or later is needed; this is %d.%d. Say: make PYTHON=python3.11 $(MAKECMDGOALS)" % sys.version_info[:2])'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check "$$(grep '^uv==' requirements.txt)"
	$(BIN)/uv pip sync --quiet --compile-bytecode --python $(BIN)/python requirements-dev.txt
	$(BIN)/uv pip install --quiet --no-deps --no-build-isolation --python $(BIN)/python --editable .
	@$(BIN)/npm ci --silent & npm=$$!; $(BIN)/python -m tuning.datasets.kernel.build && wait $$npm
	@touch $(READY)

demo: $(READY) ## Deploy to an emulated AWS, refuse a broken dataset, train a sound one, ask its model (KEEP=1, NEW_ACCOUNT=1, ASSISTANT=1)
	$(BIN)/python -m demo $(if $(KEEP),--keep) $(if $(NEW_ACCOUNT),--new-account) $(if $(ASSISTANT),--assistant)

# Three at a time, for the flow suite mostly waits: two cores always have work. Each is printed when it ends.
SIDE_BY_SIDE := $(MAKE) --no-print-directory --jobs=3 --output-sync=target
TESTS := unit stacks apart flow explorer newcomer

test: $(READY) ## Run all tests, three lanes beside each other; the fast ones first
	@$(SIDE_BY_SIDE) $(TESTS)

quick: $(READY) ## What to run while writing: format, lint, types, and unit tests but those that search, measure or start processes
	@$(SIDE_BY_SIDE) lint types quick-files quick-rooms

check: $(READY) ## Everything that must hold: format, lint, types, tests
	@$(SIDE_BY_SIDE) lint types $(TESTS)

mutants: $(READY) ## Change the code in 2,300 places, one at a time: the tests must notice (NAMED=1, ONLY='ledger budgets')
	$(BIN)/python tests/mutants/hunt.py $(if $(NAMED),--named) $(ONLY)

format: $(READY) ## Format the code
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

# Of a unit test that takes a second of processor time and is not marked `thorough`, `make quick` says so.
unit: $(READY)
	$(BIN)/pytest tests/unit

quick-files: $(READY)
	$(BIN)/pytest --quick tests/unit/test_*.py

quick-rooms: $(READY)
	$(BIN)/pytest --quick tests/unit --ignore-glob='tests/unit/test_*.py'

stacks: $(READY)
	$(BIN)/pytest tests/stacks tests/project

explorer: $(READY)
	$(BIN)/pytest tests/explorer

flow: $(READY)
	$(BIN)/pytest tests/contract tests/flow --shared

apart: $(READY)
	$(BIN)/pytest tests/flow --apart

# Once more what becomes of an upload, with the quotas of a new account: all of `tests/flow`
# takes `--new-account`.
newcomer: $(READY)
	$(BIN)/pytest tests/flow/test_upload_to_outcome.py --new-account

lint: $(READY)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

types: $(READY)
	$(BIN)/mypy app.py review diagrams stacks tuning lambdas emulator demo hatch_build.py samples/consumer

synth: $(READY) ## Synthesize the templates into cdk.out and review them; no AWS account is needed
	$(BIN)/npx cdk synth --quiet

review: $(READY) ## All that a reviewer must see, in one folder: build/review/index.html
	$(BIN)/python -m review

diff: $(READY) ## Compare with what is deployed in the account of your credentials
	$(BIN)/npx cdk diff $(or $(STACKS),--all)

deploy: $(READY) ## Deploy to that account: make deploy STACKS='dev/*'
	@test -n "$(STACKS)" || { echo "say which: make deploy STACKS='dev/*'"; exit 2; }
	$(BIN)/npx cdk deploy $(STACKS)

wheel: $(READY) ## Build the package into dist: the kernels and the functions' code are in the wheel
	$(BIN)/uv build --quiet --out-dir dist

bench: $(READY) ## Run the benchmarks; results go to docs/performance.md by hand
	PYTHONPATH=. $(BIN)/python benchmarks/check_speed.py
	PYTHONPATH=. $(BIN)/python benchmarks/check_broken.py
	PYTHONPATH=. $(BIN)/python benchmarks/s3_stream.py
	PYTHONPATH=. $(BIN)/python benchmarks/merge_rate.py
	PYTHONPATH=. $(BIN)/python benchmarks/group_rate.py
	$(BIN)/python -m benchmarks.cold_start
	PYTHONPATH=. $(BIN)/python -m benchmarks.documented_ratios

clean: ## Remove what the tools made; stops a kept emulator first
	@test ! -x $(BIN)/python || $(BIN)/python -m emulator down
	rm -rf $(KERNEL)/lines-* .venv .emulator build dist cdk.out node_modules .pytest_cache .mypy_cache .ruff_cache .hypothesis

update: $(READY) ## Renew the pins
	uv pip compile --quiet --universal --python-version 3.11 --no-header --no-annotate --upgrade pyproject.toml --extra aws --extra constructs --extra emulator -o requirements.txt
	uv pip compile --quiet --universal --python-version 3.11 --no-header --no-annotate --upgrade pyproject.toml --extra dev -c requirements.txt -o requirements-dev.txt
	uv pip compile --quiet --python-version 3.14 --python-platform aarch64-manylinux_2_28 --no-header --no-annotate --generate-hashes --upgrade lambdas/requirements.in -o lambdas/requirements.txt
	uv pip compile --quiet --universal --python-version 3.11 --no-header --no-annotate --generate-hashes --upgrade lambdas/merging.in -o lambdas/merging.txt
