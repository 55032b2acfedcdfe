# `make` alone lists what there is. Nothing here needs more than make and Python 3.11 or later
# (the widget's sources need Node; its built files are committed).
MAKEFLAGS += --no-builtin-rules --no-print-directory
.DEFAULT_GOAL := help
.SUFFIXES:
.NOTPARALLEL:

# PYTHON=… picks the Python that .venv is made with; ARGS=… is handed on to pytest or the benchmark.
PYTHON ?=
ARGS ?=
export PYTHON

PYBABEL := .venv/bin/pybabel
LANGUAGES := app/translations
LOCK := .venv/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-emit-find-links --custom-compile-command "make lock"

.PHONY: help serve test quick faults full coverage mutants lint audit format bench widget wheel lock messages languages clean

help: ## list these targets
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' Makefile | while IFS="$$(printf '\t')" read -r name text; do \
		printf '  make %-10s %s\n' "$$name" "$$text"; done

serve: ## set everything up and run the site, the desk and the worker (PORT, 8000 unless set)
	@tools/venv runtime
	@exec .venv/bin/handbell serve

test: ## run every test; ARGS="tests/core -k name" runs some
	@tools/venv dev
	@exec tools/test $(ARGS)

quick: ## run what needs no browser, no PostgreSQL, no Redis and few seconds: a minute at most
	@tools/venv dev
	@exec tools/quick $(ARGS)

faults: ## run the fault tests in full (20 minutes); their figures go to faults.log
	@tools/venv dev
	@rm -f faults.log
	@HANDBELL_TEST_PROFILE=full exec tools/test tests/faults -n 3 --dist loadgroup --durations 20 --durations-min 30 \
		--log-file faults.log --log-file-mode a --log-file-level INFO $(ARGS)

full: ## run what `make test` leaves out: frameworks, WordPress, a whole screen, long journeys, more hostile input
	@tools/venv dev
	@HANDBELL_TEST_PROFILE=full tools/test tests/browser tests/frameworks -m full --ignore tests/browser/test_console_hostile.py $(ARGS)
	@HANDBELL_TEST_PROFILE=full exec tools/test tests/api/test_fuzz.py tests/api/test_openapi.py tests/browser/test_console_hostile.py

coverage: ## measure which lines of app/ the tests reach, in their processes too; ARGS="tests/cli" runs some
	@tools/venv dev
	@exec tools/coverage $(ARGS)

mutants: ## change the core's rules one by one: each change must fail a test; ARGS="breaker links" takes some files
	@tools/venv dev
	@exec tools/mutants $(ARGS)

lint: ## check style, types, imports, lock files and the widget's sources
	@tools/venv dev
	@tools/lint

audit: ## ask the OSV database about known weaknesses in all locked packages (needs the network)
	@tools/venv dev
	@.venv/bin/python tools/audit

format: ## put the Python source in order
	@tools/venv dev
	@.venv/bin/ruff check --fix --quiet . ; .venv/bin/ruff format --quiet .

bench: ## measure it
	@tools/venv dev
	@command -v wrk >/dev/null || tools/apt-install wrk || \
		{ echo "make bench needs wrk, and it could not be installed: install the package wrk" >&2; exit 1; }
	@.venv/bin/python -m bench $(ARGS)

widget: ## rebuild the widget into static/ (needs Node)
	@tools/widget build

wheel: ## build the wheel into dist/
	@tools/venv runtime
	@PYTHONPATH=.venv/build-tools .venv/bin/python -m hatchling build --target wheel --directory dist

lock: ## choose package versions anew, within pyproject.toml's bounds; ARGS=--upgrade takes the newest
	@tools/venv dev
	@$(LOCK) $(ARGS) pyproject.toml --output-file requirements.txt
	@$(LOCK) $(ARGS) pyproject.toml --group dev --constraint requirements.txt --output-file requirements-dev.txt
	@$(LOCK) $(ARGS) --group build --output-file requirements-build.txt

messages: ## collect the texts to translate and bring every language up to date
	@tools/venv dev
	@$(PYBABEL) --quiet extract --mapping-file pyproject.toml --output-file $(LANGUAGES)/messages.pot \
		--keywords "lazy_gettext lazy_ngettext:1,2 lazy_pgettext:1c,2 _l" --add-comments "Translators:" --strip-comments \
		--add-location file --sort-by-file --no-wrap --project Handbell --version "" .
	@for catalogue in $(LANGUAGES)/*/LC_MESSAGES/messages.po; do [ ! -e "$$catalogue" ] || \
		exec $(PYBABEL) --quiet update --input-file $(LANGUAGES)/messages.pot --output-dir $(LANGUAGES) \
		--no-wrap --ignore-obsolete --ignore-pot-creation-date ; done

languages: ## compile the translations
	@tools/venv dev
	@$(PYBABEL) --quiet compile --directory $(LANGUAGES) --statistics

clean: ## remove everything that was built or installed; instance/ stays
	@rm -rf .venv .venv.lock dist widget/node_modules tests/nu/node_modules .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis mutants .coverage faults.log
	@find app tests bench -name __pycache__ -type d -prune -exec rm -rf {} + 2>/dev/null || true
