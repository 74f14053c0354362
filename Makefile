# `make run` and `make test` need Python 3.11 or newer, pip and make; they fetch the rest themselves.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/pip --disable-pip-version-check --quiet
URL := http://127.0.0.1:24368

.PHONY: run demo test lint docs fuzz bench performance soak lock clean

run: $(VENV)/.run
	$(BIN)/agent-exporter serve $(ARGS)

# The exporter in memory, and made-up traffic into it, until Ctrl-C. Job control (`set -m`) keeps that
# from the exporter, so that it takes the last events before it is stopped.
demo: $(VENV)/.run
	@! $(BIN)/agent-exporter healthcheck --url=$(URL) >/dev/null 2>&1 || { echo "an exporter runs there already"; exit 1; }
	@set -m; $(BIN)/agent-exporter serve --storage.path= --log.level=error & exporter=$$!; \
	until $(BIN)/agent-exporter healthcheck --url=$(URL) >/dev/null 2>&1; do \
	  kill -0 $$exporter || exit 1; sleep 0.2; done; \
	echo "metrics: $(URL)/metrics  models: $(URL)/api/v1/models  events: $(URL)/api/v1/events"; \
	$(BIN)/agent-exporter demo --url=$(URL) $(ARGS); status=$$?; \
	kill $$exporter; wait $$exporter && exit $$status

test: $(VENV)/.dev
	sh tests/fetch-tools.sh
	$(BIN)/pytest -n auto --dist loadfile --cov --cov-report=term $(ARGS)

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

docs: $(VENV)/.dev
	$(BIN)/python -m exporter.metrics > docs/metrics.md
	$(BIN)/python -m docs.openapi > docs/openapi.yaml
	$(BIN)/python -m deploy.grafana.generator
	$(BIN)/python -m deploy.k8s.prometheus_rule

fuzz: $(VENV)/.dev
	$(BIN)/python -m tests.fuzz $(or $(FUZZ_SECS),120)

bench: $(VENV)/.dev
	$(BIN)/python bench/all.py $(ARGS)

# Everything measured, and docs/performance.md and its pictures made of it.
performance: $(VENV)/.dev
	$(PIP) install --require-hashes -r requirements/bench.txt
	mkdir -p build
	$(BIN)/python bench/all.py --json=build/performance.json
	$(BIN)/python bench/page.py build/performance.json
	$(BIN)/python bench/plots.py build/performance.json

lock: $(VENV)/.dev
	$(PIP) install uv
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	  --no-annotate --custom-compile-command "make lock" -o requirements/run.txt pyproject.toml requirements/build.in
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	  --no-annotate --custom-compile-command "make lock" -o requirements/dev.txt pyproject.toml requirements/build.in requirements/dev.in
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	  --no-annotate --custom-compile-command "make lock" -c requirements/dev.txt -o requirements/bench.txt requirements/bench.in

soak: $(VENV)/.dev
	$(BIN)/python -m tests.soak.kills $(ARGS)
	$(BIN)/python -m tests.soak.memory

clean:
	rm -rf $(VENV) build *.egg-info .coverage .hypothesis .mypy_cache .pytest_cache .ruff_cache .import_linter_cache

$(VENV)/bin/pip:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.run: $(VENV)/bin/pip requirements/run.txt pyproject.toml
	$(PIP) install --require-hashes -r requirements/run.txt
	$(PIP) install --no-deps --no-build-isolation -e .
	touch $@

$(VENV)/.dev: $(VENV)/bin/pip requirements/dev.txt pyproject.toml
	$(PIP) install --require-hashes -r requirements/dev.txt
	$(PIP) install --no-deps --no-build-isolation -e .
	touch $@ $(VENV)/.run
