# The main targets are `make reproduce` and `make test`; both first install everything into .venv.
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do $$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null && echo $$p && break; done)
VENV := .venv
BIN := $(VENV)/bin
# `make TORCH=cpu` and `make TORCH=cuda` choose the build of PyTorch, and replace another one.
TORCH :=
INSTALLED := $(VENV)/.installed$(TORCH:%=-%)
TORCH_OPTIONS = options=$$($(PYTHON) envs/torch_index.py $(TORCH))
WORKFLOW := Snakefile workflow/Snakefile $(wildcard workflow/rules/*.smk)
export PATH := $(CURDIR)/$(BIN):$(PATH)

.PHONY: reproduce smoke paper verify test test-gpu test-chaos test-slurm check bench bench-gpu bench-trials bench-compiled bench-startup bench-planning mutation report-check wheel-check lock install image clean

reproduce: install
	snakemake

smoke: install
	snakemake --config tier=smoke

paper: install
	snakemake --config tier=paper

# Compare a new run with its committed reference: `make verify TIER=paper`.
TIER := default
verify: install
	python -m dirgrad verify results/$(TIER) results/reference/$(TIER) --out results/$(TIER) \
	  --config config/config.yaml $(if $(filter-out default,$(TIER)),config/$(TIER).yaml)

test: check
	OMP_NUM_THREADS=1 pytest -n 2 --dist worksteal

# Tests of everything that runs on a device, for a machine with a GPU. Nothing is installed: PyTorch
# and JAX are taken as they are there, and Snakemake is not needed. The tests with the mark `cpu` are
# left out; pytest prints their number.
GPU_TESTS := tests/backends tests/core tests/components/directions tests/components/estimators \
  tests/components/optimizers tests/components/problems tests/components/test_candidates.py \
  tests/components/test_units.py tests/runs/instruments tests/runs/training
test-gpu:
	OMP_NUM_THREADS=1 PYTHONPATH="$(CURDIR)/src:$$PYTHONPATH" timeout 480 python3 -m pytest \
	  -n $(or $(JOBS),12) --dist worksteal -m "not cpu" $(GPU_TESTS)

# The smoke tier on a Slurm cluster of one node, and a job whose node dies. It needs root and Debian, and
# takes 10 to 20 minutes on two cores. `make test-slurm ONLY=mlp` runs one experiment.
test-slurm: install
	PYTHON=$(CURDIR)/$(BIN)/python tests/slurm.sh

# Kill runs at random moments and bring about faults, such as a full disk. It takes 15 minutes.
test-chaos: install
	OMP_NUM_THREADS=1 python tests/chaos.py --seed $(or $(SEED),0)

check: install
	ruff format --check src tests benchmarks envs
	ruff check src tests benchmarks envs
	mypy
	lint-imports
	snakefmt --check $(WORKFLOW)
	snakemake --lint
	hadolint Dockerfile

# Benchmark: time of a step for every estimator in both frameworks. It takes 8 minutes on two cores,
# which should have nothing else to do.
BENCH_JOBS := $(foreach framework,jax torch,$(foreach cost,steps steps_large steps_deep methods,cost/$(cost)/$(framework)))
bench: install
	for job in $(BENCH_JOBS); do \
	  python -m dirgrad run $$job --config benchmarks/bench.yaml --out results/bench/$$job || exit 1; done
	python -m dirgrad table bench --config benchmarks/bench.yaml --records results/bench --out results/bench/tables/bench.csv
	python -m dirgrad figure bench bench_methods --config benchmarks/bench.yaml --records results/bench --out figures/bench
	python -m dirgrad readme-table results/bench/tables/bench.csv

# Throughput of trials that advance together, and of single trials. In final.csv, step_seconds is the
# time per trial.
TRIAL_JOBS := $(foreach framework,jax torch,training/together/$(framework) training/one_by_one/$(framework))
bench-trials: install
	for job in $(TRIAL_JOBS); do \
	  python -m dirgrad run $$job --config benchmarks/bench.yaml --out results/bench/$$job || exit 1; done
	python -m dirgrad table final --config benchmarks/bench.yaml --records results/bench --out results/bench/tables/final.csv
	python -c "import pandas; t = pandas.read_csv('results/bench/tables/final.csv'); print(t.assign(trials_per_second=1 / (t.step_seconds * t.evaluations))[['experiment', 'backend', 'estimator', 'lanes', 'step_seconds', 'trials_per_second']].to_string(index=False))"

# Check and time the steps of both frameworks on a GPU. Nothing is installed.
bench-gpu:
	PYTHONPATH="$(CURDIR)/src:$$PYTHONPATH" timeout 480 python3 benchmarks/gpu.py --out results/gpu

# Compare traced steps in PyTorch with compiled ones (run.torch_compile). Needs a C++ compiler.
bench-compiled: install
	python benchmarks/compiled.py --out results/bench/tables/compiled.csv

# Processor time of commands that do almost nothing.
bench-startup: install
	python benchmarks/startup.py

# Seconds and memory in which Snakemake plans up to 1000 experiments.
bench-planning: install
	python benchmarks/planning.py --out results/bench/tables/planning.csv

# Share of small faults in the mathematics and the verdicts that the tests notice. Installs two more
# libraries. `make mutation SAMPLE=all` tries every fault. An interrupted run continues.
mutation: install
	python -m pip install --quiet --disable-pip-version-check --constraint requirements.lock --editable '.[mutation]'
	OMP_NUM_THREADS=1 python benchmarks/mutation.py --out results/mutation $(if $(SAMPLE),--sample $(SAMPLE))
	python benchmarks/mutation_score.py results/mutation/mutants.csv --out results/mutation \
	  --reasons results/reference/mutation_survivors.csv

# Open a report in a browser without a network and check its size, loading time and missing files.
# Needs Chromium.
report-check: install
	python tests/support/browser.py $(or $(REPORT),results/default/report.html)

# Install the wheel in a new environment, and start and run a study with it.
wheel-check: install
	tests/wheel.sh

install: $(INSTALLED)

$(INSTALLED): requirements.lock pyproject.toml
	@test -n "$(PYTHON)" || { echo "dirgrad needs Python 3.11, 3.12 or 3.13: install one, or give its path: make PYTHON=/path/to/python3.12" >&2; exit 2; }
	$(TORCH_OPTIONS) && $(PYTHON) -m venv $(VENV) \
	  $(if $(TORCH),&& $(BIN)/python -m pip uninstall --quiet --quiet --yes torch) \
	  && $(BIN)/python -m pip install --quiet --disable-pip-version-check $$options --requirement requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	rm -f $(VENV)/.installed*
	touch $(VENV)/.installed $@

# Container image for the default tier; Dockerfile says how to run it.
image:
	$(or $(DOCKER),docker) build --tag dirgrad \
	  --build-arg COMMIT=$$(git describe --always --dirty --abbrev=12 --exclude='*') .

# Update requirements.lock from pyproject.toml, in a new environment; the version of torch stays.
lock:
	rm -rf $(VENV)-lock && $(PYTHON) -m venv $(VENV)-lock
	$(TORCH_OPTIONS) && $(VENV)-lock/bin/python -m pip install --quiet $$options $$(grep '^torch==' requirements.lock)
	$(VENV)-lock/bin/python -m pip install --quiet --editable '.[jax,torch,workflow,test]'
	{ sed -n '/^#/p' requirements.lock; $(VENV)-lock/bin/python -m pip freeze --exclude-editable | sed 's/+cpu$$//'; } > requirements.lock.new
	mv requirements.lock.new requirements.lock && rm -rf $(VENV)-lock

clean:
	rm -rf results/default results/smoke results/sequences results/paper figures/default figures/smoke figures/sequences figures/paper .snakemake
