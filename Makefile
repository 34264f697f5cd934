# What a person needs: `make run` to try Takepart, `make test` to prove it. Both set up .venv themselves.
.DEFAULT_GOAL := help
.PHONY: help install run test check bench lock pictures

BIN := .venv/bin
ROOMS := bot channels flows storage
# Tests of the whole service wait for one another's clocks, so more run at once than there are cores.
WORKERS := $(shell expr $$(nproc) \* 3 / 2)

help:
	@echo "make run    start Takepart with an example group and a practice phone"
	@echo "make install  set up what running takes, and start nothing"
	@echo "make test   run the tests"
	@echo "make check  style, types and the direction of imports"
	@echo "make bench  measure"
	@echo "make pictures  take the README's pictures anew"
	@echo "make lock   bring the locks up to date with pyproject.toml (UPGRADE=1: newest of everything)"

# Running needs less than working on it, so each has its own lock and its own stamp.
.venv/.ready-to-run: requirements.lock pyproject.toml .ci/setup
	@.ci/setup requirements.lock
	@touch $@

.venv/.ready-to-test: requirements-dev.lock pyproject.toml .ci/setup
	@.ci/setup requirements-dev.lock
	@touch $@

install: .venv/.ready-to-run

run: .venv/.ready-to-run
	@$(BIN)/takepart example
	@$(BIN)/takepart serve

test: .venv/.ready-to-test
	@.ci/chromium
	@$(BIN)/pytest -n $(WORKERS) --dist worksteal

check: .venv/.ready-to-test
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy $(ROOMS) tests benchmarks
	@$(BIN)/lint-imports

bench: .venv/.ready-to-test
	@$(BIN)/python -m benchmarks

pictures: .venv/.ready-to-test
	@.ci/chromium
	@$(BIN)/python -m tests.pictures

# The first lock holds the second's versions too, so that tests run on what is served.
COMPILE := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header \
	--no-annotate --no-emit-index-url --no-emit-find-links $(if $(UPGRADE),--upgrade) pyproject.toml --group build

lock: .venv/.ready-to-test
	@$(COMPILE) --group dev -o requirements-dev.lock >/dev/null
	@$(COMPILE) --constraint requirements-dev.lock -o requirements.lock >/dev/null
	@echo "Locked. Look at the difference before you commit it."
