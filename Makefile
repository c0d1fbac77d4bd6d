# Needs Python 3.11 or newer, git and make; everything Python goes into .venv.
# `make PYTHON=/path/to/python venv` names the interpreter; TORCH_INDEX=URL names where torch comes from.

SHELL := /bin/bash
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

PYTHON ?=
TORCH_INDEX ?=
CANDIDATES := $(PYTHON) python3.11 python3.13 python3.12 python3.14 python3 python
VENV := .venv
BIN := $(VENV)/bin
WORKERS ?= 2
STAMP := $(VENV)/.made
EXTRAS := torch,brian2,plot,interop,cluster,test,docs,dev
TORCH := $(shell sed -n '/^torch==/p' constraints.txt)
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check --no-input

.PHONY: help venv demo test check-slow check-cuda lint types format bench docs peers constraints clean

help:
	@echo "make venv         the environment in .venv with all CPU extras"
	@echo "make demo         the cortical microcircuit: a table of rates and a raster"
	@echo "make test         the quick tests"
	@echo "make check-slow   the slow tests, and the claims of the catalog that take minutes"
	@echo "make check-cuda   families and claims on CUDA: on the GPU, or built by the host's compiler"
	@echo "make lint types   ruff; mypy"
	@echo "make format       let ruff mend what it can"
	@echo "make bench        time the spiking networks against the peers that are there"
	@echo "make peers        make the environments of all peers"
	@echo "make docs         the documentation, in docs/_build/html"
	@echo "make constraints  resolve constraints.txt anew"
	@echo "make clean        remove what was built, but not .venv"

venv: $(STAMP)

# torch first and alone: with it in place no other package asks for one with CUDA
$(STAMP): setup.cfg pyproject.toml constraints.txt
	@python=""; \
	for candidate in $(CANDIDATES); do \
	    if "$$candidate" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; \
	    then python="$$candidate"; break; fi; \
	done; \
	if [ -z "$$python" ]; then \
	    echo "make: no Python 3.11 or newer with the venv module was found (tried: $(strip $(CANDIDATES)));" \
	         "install one, or name it: make PYTHON=/path/to/python venv" >&2; exit 1; \
	fi; \
	if ! $(BIN)/python -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then \
	    echo "making $(VENV) with $$("$$python" --version)"; \
	    "$$python" -m venv --clear $(VENV); \
	fi
	@echo "installing the packages of constraints.txt; this takes some minutes the first time"
	@$(PIP) install $(TORCH) $(if $(TORCH_INDEX),--index-url $(TORCH_INDEX))
	@$(PIP) install --constraint constraints.txt --editable '.[$(EXTRAS)]'
	@touch $@

demo: venv
	@$(BIN)/neurosim demo

# a core for each worker: threads of BLAS beside them would only wait for each other
test: venv
	@OMP_NUM_THREADS=1 $(BIN)/python -m pytest -m "not slow" --numprocesses $(WORKERS) --dist loadgroup

check-slow: venv
	@$(BIN)/python -m pytest -m slow
	@$(BIN)/neurosim check --all --slow --allow-known

# optimised for the claims, which run for long where there is no GPU
check-cuda: venv
	@for loop in graph block grid; do NEUROSIM_CUDA_LOOP=$$loop $(BIN)/python -m pytest --cuda -m "not slow" tests/backends || exit 1; done
	@$(BIN)/python -m pytest --cuda -rs -m slow tests/backends
	@$(BIN)/python -m pytest --cuda -rs tests/gradients tests/families tests/network tests/simulate
	@NEUROSIM_HOST_FLAGS=-O2 $(BIN)/python -m pytest --cuda -rs -m "not slow" tests/proofs tests/models
	@if ! $(BIN)/python -c 'from neurosim.backends import available; raise SystemExit(available("cupy") is not None)'; \
	then echo "check-cuda: no GPU was found, so all ran built by the host's compiler"; \
	elif ! command -v compute-sanitizer >/dev/null; \
	then echo "check-cuda: compute-sanitizer was not found, so accesses to memory were not checked"; \
	else compute-sanitizer --error-exitcode 1 $(BIN)/python -m pytest --cuda tests/backends -k cupy; fi

lint: venv
	@$(BIN)/ruff check --quiet .
	@echo "lint: clean"

format: venv
	@$(BIN)/ruff check --quiet --fix .

types: venv
	@$(BIN)/mypy --no-error-summary neurosim models
	@echo "types: clean"

bench: venv
	@$(BIN)/python benchmarks/spiking.py

docs: venv
	@$(BIN)/sphinx-build -q -W --keep-going -b html docs docs/_build/html
	@echo "docs: docs/_build/html/index.html"

peers: venv
	@$(BIN)/python benchmarks/make_peers.py

# a scratch environment, so that what happens to lie in .venv does not decide
constraints: venv
	@scratch="$$(mktemp -d)"; trap 'rm -rf "$$scratch"' EXIT; \
	$(BIN)/python -m venv "$$scratch"; \
	pip="$$scratch/bin/python -m pip --quiet --disable-pip-version-check --no-input"; \
	$$pip install $(TORCH) $(if $(TORCH_INDEX),--index-url $(TORCH_INDEX)) && \
	$$pip install --editable '.[$(EXTRAS)]' && \
	{ sed -n '/^#/p' constraints.txt; \
	  $$pip freeze --exclude-editable | sed 's/^torch==.*/$(TORCH)/'; } > "$$scratch/new" && \
	cp "$$scratch/new" constraints.txt && touch $(STAMP)

clean:
	@rm -rf build dist docs/_build demo_output .pytest_cache .mypy_cache .ruff_cache *.egg-info
	@find . -path ./$(VENV) -prune -o -name __pycache__ -type d -prune -exec rm -rf {} +
