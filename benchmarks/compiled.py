"""Compare two ways to run a training step in PyTorch: traced, and with `run.torch_compile`.

dirgrad traces a step into a graph and calls its operators one by one. With the option, inductor
generates code for the same graph; it needs a C++ compiler. The trace already contains the JVP, so
compilation cannot lose tangents. A graph that is in the folder TORCHINDUCTOR_CACHE_DIR is not
compiled again, so an empty folder shows the seconds of a first run.

    python benchmarks/compiled.py --out compiled.csv

prints one row per problem and estimator of `cost.steps` and `cost.steps_large` in
benchmarks/bench.yaml:

- the seconds per step of both ways, and their ratio (inter-quartile mean and bootstrap interval
  over the rounds),
- the seconds to trace and to compile, and whether the code came from the cache,
- the number of steps after which compilation has saved as much time as it took,
- the largest difference between the two results.
"""

import argparse
from collections.abc import Callable, Iterator
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
import pandas as pd
import torch
from torch.utils import _pytree as pytree

from dirgrad import backends
from dirgrad.analysis.intervals import summarize
from dirgrad.backends.torch import inductor
from dirgrad.config import plan, validation
from dirgrad.config.settings import Statistics
from dirgrad.core.types import Backend
from dirgrad.records import machine_load
from dirgrad.runs.instruments import programs
from dirgrad.runs.instruments.workload import Workload, workloads

ESTIMATORS = ("backprop", "forward_gradient", "forward_gradient_rank_one")
PROBLEMS = ("logistic_regression", "mlp", "cnn", "rnn")
Call = Callable[[], Any]


def call_seconds(call: Call, seconds: float) -> Iterator[float]:
    """Yield the seconds per call without end; each is the mean of the calls that fill `seconds`."""
    start = perf_counter()
    call()
    count = max(1, round(seconds / (perf_counter() - start)))
    while True:
        start = perf_counter()
        for _ in range(count):
            call()
        yield (perf_counter() - start) / count


def largest_difference(results: Any, others: Any) -> float:
    """Return the largest absolute difference between the floating-point leaves of two results."""
    pairs = zip(pytree.tree_leaves(results), pytree.tree_leaves(others), strict=True)
    return max(
        float((result - other).abs().max()) for result, other in pairs if result.is_floating_point()
    )


def row(
    backend: Backend, workload: Workload, name: str, estimator: Any, rounds: int, seconds: float
) -> dict[str, Any]:
    """Measure the step of one estimator on one problem, both ways in turn.

    Args:
        backend: PyTorch.
        workload: Problem, parameters and minibatch.
        name: Name of the estimator.
        estimator: The estimator.
        rounds: Number of values per way.
        seconds: Duration of one value in seconds.
    """
    _, step = programs.estimate_and_step(backend, workload, estimator)
    inductor.configure(torch_compile=False)
    prepared, traced = programs.compile(backend, step)
    inductor.configure(torch_compile=True)
    num_from_cache = inductor.sources["cache"]
    prepared_compiled, compiled = programs.compile(backend, step)
    compile_seconds = prepared_compiled.compile_seconds - prepared.compile_seconds
    difference = largest_difference(traced(), compiled())
    load_mark = machine_load.read_counters()
    timers = call_seconds(traced, seconds), call_seconds(compiled, seconds)
    values = np.array([[next(timer) for timer in timers] for _ in range(rounds)])
    traced_values, compiled_values = values.T
    ratio = summarize(compiled_values / traced_values, Statistics())
    saved = float(np.median(traced_values - compiled_values))
    return {
        "problem": workload.name,
        "batch_size": workload.batch_size,
        "estimator": name,
        "traced_seconds": np.median(traced_values),
        "compiled_seconds": np.median(compiled_values),
        "compiled_over_traced": float(ratio.value),
        "compiled_over_traced_low": float(ratio.low),
        "compiled_over_traced_high": float(ratio.high),
        "trace_seconds": prepared.compile_seconds,
        "compile_seconds": compile_seconds,
        "from_cache": inductor.sources["cache"] > num_from_cache,
        "steps_to_pay": round(compile_seconds / saved) if saved > 0 else None,
        "largest_difference": difference,
        "rounds": rounds,
        "other_cpu_fraction": machine_load.other_cpu_fraction(load_mark),
        "torch": torch.__version__,
    }


def rows(paths: list[str], rounds: int, seconds: float) -> Iterator[dict[str, Any]]:
    """Yield one row per problem and estimator of the two measurements."""
    config = validation.load(paths)
    for name in ("cost/steps/torch", "cost/steps_large/torch"):
        job = plan.job(config, name)
        run = job.run
        backend = backends.load("torch", run.threads, run.precision)
        for workload in workloads(job, backend):
            if workload.name not in PROBLEMS:
                continue
            for estimator in ESTIMATORS:
                component = job.estimators[estimator]
                yield row(backend, workload, estimator, component, rounds, seconds)


def main() -> None:
    """Print the rows as they are measured; with --out, write them as CSV."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--config", nargs="+", default=["benchmarks/bench.yaml"])
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--seconds", type=float, default=0.5)
    parser.add_argument("--out", type=Path)
    args = parser.parse_args()
    table = []
    for values in rows(args.config, args.rounds, args.seconds):
        table.append(values)
        is_first = len(table) == 1
        print(pd.DataFrame([values]).to_string(index=False, header=is_first), flush=True)
    if args.out:
        pd.DataFrame(table).to_csv(args.out, index=False)


if __name__ == "__main__":
    main()
