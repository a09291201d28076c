# Every target installs what it is missing. `make help` lists them.
.DEFAULT_GOAL := help
PORT ?= 8000
SAMPLE_PORT ?= $(shell echo $$(( $(PORT) + 1 )))
export PORT
PYTHON_BIN = .venv/bin/python

.PHONY: help demo run test check bench bench-scale bench-ui screenshots vendor lint types imports templates migrations-are-made

help: ## list the targets
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 18

demo: ## run the main job on the sample Mixpanel, then serve (ARGS=--once ends after the job)
	@scripts/bootstrap.sh
	@MIXPANEL_EXTRA_HOSTS=http://127.0.0.1:$(SAMPLE_PORT) exec $(PYTHON_BIN) manage.py demo $(ARGS)

run: ## serve: web, worker and scheduler, without sample data
	@scripts/bootstrap.sh
	@exec $(PYTHON_BIN) manage.py serve

test: ## run the whole suite (installs Redis, PostgreSQL and Chromium if it may)
	@scripts/bootstrap.sh dev
	@DATA_DIR=build/test PLAIN_STATIC_FILES=1 $(PYTHON_BIN) -m pytest -n 2 --dist loadgroup $(ARGS)

check: ## ruff, mypy, import contracts, djlint, migrations, tests
	@scripts/bootstrap.sh dev
	@$(MAKE) --no-print-directory lint types imports templates migrations-are-made test

lint:
	@.venv/bin/ruff check . && .venv/bin/ruff format --check .

types:
	@.venv/bin/mypy config connectors dataflows

imports:
	@.venv/bin/lint-imports

templates:
	@.venv/bin/djlint --lint --quiet --profile django templates

migrations-are-made:
	@$(PYTHON_BIN) manage.py makemigrations --check --dry-run >/dev/null || { echo "Models changed without a migration: run manage.py makemigrations."; exit 1; }

bench: ## measure the engine against gunzip alone and a plain script (ARGS="--events N --days N --rounds N")
	@scripts/bootstrap.sh dev
	@$(PYTHON_BIN) -m bench $(ARGS)

bench-scale: ## measure how memory and time grow (ARGS="--events N --rounds N")
	@scripts/bootstrap.sh dev
	@$(PYTHON_BIN) -m bench.scale $(ARGS)

bench-ui: ## measure lists with many dataflows and runs (ARGS="--flows N --runs N --requests N")
	@scripts/bootstrap.sh dev
	@$(PYTHON_BIN) -m bench.ui $(ARGS)

screenshots: ## take the pictures in docs/screenshots again
	@scripts/bootstrap.sh dev
	@mkdir -p docs/screenshots
	@SCREENSHOTS=docs/screenshots DATA_DIR=build/test PLAIN_STATIC_FILES=1 $(PYTHON_BIN) -m pytest -q tests/journeys/test_first_dataflow.py tests/journeys/test_repair.py tests/journeys/test_mapper.py tests/journeys/test_schemas.py tests/journeys/test_deleting_a_dataset.py

vendor: ## bring the front-end files named in package-lock.json
	@scripts/bootstrap.sh
