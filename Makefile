# Everything a contributor or visitor runs. `make` alone lists it.

PYTHON := .venv/bin/python
JOBS ?= 2
FUZZ_SECONDS ?= 60
SETUP := tools/setup.sh

.DEFAULT_GOAL := help
.PHONY: help setup demo test bench fuzz format lint amalgamate generate check-generated coverage clean

help: ## list these targets
	@sed -n 's/^\([a-z-]*\):.*## /\1|/p' $(MAKEFILE_LIST) | while IFS='|' read -r name what; do \
		printf '  make %-16s %s\n' "$$name" "$$what"; done

setup: ## install what the generator and the demo need (apt, .venv, build/)
	@$(SETUP) demo

demo: setup ## real data and ten million rows through river files, natively and as WASM
	@examples/demo.sh

test: ## install what the tests need, and run them all
	@$(SETUP) test
	@$(PYTHON) -m pytest -n $(JOBS) --dist worksteal

bench: ## compare speed with other libraries and with the machine's limits
	@$(SETUP) bench
	@$(PYTHON) bench/run.py

fuzz: ## run each fuzzer for FUZZ_SECONDS (60)
	@$(SETUP) test
	@$(PYTHON) tools/fuzz.py --seconds $(FUZZ_SECONDS)

format: ## format the C code, and sort what ruff can sort
	@$(SETUP) test
	@$(PYTHON) tools/format.py
	@$(PYTHON) -m ruff check --fix --quiet

lint: ## check formatting, lints, links and generated files
	@$(SETUP) test
	@$(PYTHON) -m pytest -q tests/test_lint.py tests/test_house.py

amalgamate: ## assemble nagare.h from core/
	@python3 tools/amalgamate.py

generate: setup ## write all committed generated files anew
	@$(PYTHON) tools/generated.py

check-generated: setup ## show where a committed generated file is stale
	@$(PYTHON) tools/generated.py --check

coverage: ## which lines and branches of the generator and of core/ the tests miss
	@$(SETUP) test
	@$(PYTHON) -m pytest -n $(JOBS) --dist worksteal \
		--cov=gen/nagare --cov-branch --cov-report=term-missing:skip-covered
	@$(PYTHON) tools/coverage.py

clean: ## remove what was built; .venv stays
	@rm -rf build .pytest_cache .ruff_cache .hypothesis .coverage
