# Two commands do everything: `make quickstart` and `make test`.
PYTHON ?= python3
PIP = .venv/bin/pip install --quiet --disable-pip-version-check -c constraints.txt
RUN = .venv/bin/stiltbench
EXTRAS = train,encoder,hub

.PHONY: quickstart test soak lint clean

quickstart: .venv/installed
	$(RUN) run quickstart
	$(RUN) publish quickstart
	$(RUN) compare diverse english --suite quickstart
	@echo "The leaderboard: leaderboards/quickstart/index.md; its results: leaderboards/quickstart/results.parquet; every job: store/"

test: .venv/installed-dev lint
	.venv/bin/pytest -m "not slow"

soak: .venv/installed-dev
	.venv/bin/pytest -m slow

lint: .venv/installed-dev
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy

.venv/bin/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "stiltbench needs Python 3.11 or newer; set PYTHON=python3.11")'
	$(PYTHON) -m venv .venv

.venv/installed: pyproject.toml constraints.txt | .venv/bin/python
	$(PIP) -e '.[$(EXTRAS)]' || $(PIP) -e '.[train]'
	touch $@

.venv/installed-dev: pyproject.toml constraints.txt | .venv/installed
	$(PIP) -e '.[$(EXTRAS),dev]'
	touch $@

clean:
	rm -rf .venv store dist
