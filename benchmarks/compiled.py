"""A step of PyTorch two ways, in turn: as this package runs it, a traced graph called operator by operator, and the same graph
through `torch.compile`, which needs a C++ compiler. The JVP is in the graph already, so that no tangent is lost in compilation.

    python benchmarks/compiled.py --out compiled.csv

prints a row per problem and estimator of `cost.steps` and `cost.steps_large` in benchmarks/bench.yaml: seconds of a step each way,
their ratio (inter-quartile mean and bootstrap interval over the rounds), the seconds that either way took to make ready, how many
steps it takes until compiling has paid, and how far the two results are apart.
"""

import argparse
from collections.abc import Callable, Iterator
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
import pandas as pd
import torch
import torch._inductor.config as inductor
from torch.fx.experimental.proxy_tensor import make_fx
from torch.utils import _pytree as pytree

from dirgrad import backends
from dirgrad.analysis.intervals import summarise
from dirgrad.config import plan, validation
from dirgrad.config.settings import Statistics
from dirgrad.core.types import Backend
from dirgrad.records import machine_load
from dirgrad.runs.instruments import programs
from dirgrad.runs.instruments.programs import Program
from dirgrad.runs.instruments.workload import Workload, workloads

ESTIMATORS = (
    "backprop",
    "forward_gradient",
    "forward_gradient_rademacher",
    "forward_gradient_rank_one",
)
PROBLEMS = ("logistic_regression", "mlp", "cnn", "rnn")
Call = Callable[[], Any]


def shapes_of_draws() -> None:
    """Tell the compiler what the package's random operators return, which it must know and eager calls need not."""
    torch.library.register_fake("dirgrad::mix", torch.empty_like)
    torch.library.register_fake(
        "dirgrad::draw",
        lambda law, key, n, dtype, device: torch.empty(*key.shape, n, dtype=dtype, device=device),
    )


@torch.no_grad()
def through_inductor(backend: Backend, part: Program) -> tuple[float, Call]:
    """Seconds of compilation, and a call of the step that goes on where the last has ended."""
    leaves, structure = pytree.tree_flatten(part.arguments)
    build = part.build(backend.ops)
    state = len(pytree.tree_leaves(part.arguments[: part.renewed]))
    graph = make_fx(
        lambda *leaves: pytree.tree_leaves(build(*pytree.tree_unflatten(leaves, structure)))
    )(*leaves)
    graph.graph.eliminate_dead_code()
    graph.recompile()
    compiled = torch.compile(graph, fullgraph=True, dynamic=False)
    here, same = leaves[:state], leaves[state:]
    begun = perf_counter()
    compiled(*here, *same)
    seconds = perf_counter() - begun

    @torch.no_grad()
    def call() -> list[torch.Tensor]:
        nonlocal here
        found = compiled(*here, *same)
        here = found[:state]
        return found

    return seconds, call


def timed(call: Call, seconds: float) -> Iterator[float]:
    """Seconds of one call, again and again, each the mean of what fills so many seconds."""
    begun = perf_counter()
    call()
    calls = max(1, round(seconds / (perf_counter() - begun)))
    while True:
        begun = perf_counter()
        for _ in range(calls):
            call()
        yield (perf_counter() - begun) / calls


def row(
    backend: Backend, about: Workload, name: str, estimator: Any, rounds: int, seconds: float
) -> dict[str, Any]:
    _, part = programs.estimate_and_step(backend, about, estimator)
    ready, traced = programs.compile(backend, part)
    compile_seconds, compiled = through_inductor(backend, part)
    apart = max(
        float((ours - theirs).abs().max())
        for ours, theirs in zip(pytree.tree_leaves(traced()), compiled(), strict=True)
        if ours.is_floating_point()
    )
    begun = machine_load.mark()
    ways = timed(traced, seconds), timed(compiled, seconds)
    clocks = np.array([[next(way) for way in ways] for _ in range(rounds)])
    ratio = summarise(clocks[:, 1] / clocks[:, 0], Statistics())
    saved = float(np.median(clocks[:, 0] - clocks[:, 1]))
    return {
        "problem": about.name,
        "batch_size": about.batch_size,
        "estimator": name,
        "traced_seconds": np.median(clocks[:, 0]),
        "compiled_seconds": np.median(clocks[:, 1]),
        "compiled_over_traced": float(ratio.value),
        "compiled_over_traced_low": float(ratio.low),
        "compiled_over_traced_high": float(ratio.high),
        "trace_seconds": ready.compile_seconds,
        "compile_seconds": compile_seconds,
        "steps_to_pay": round(compile_seconds / saved) if saved > 0 else None,
        "largest_difference": apart,
        "rounds": rounds,
        "other_cpu_fraction": machine_load.other_cpu_fraction(begun),
        "torch": torch.__version__,
    }


def rows(paths: list[str], rounds: int, seconds: float) -> Iterator[dict[str, Any]]:
    raw = validation.load(paths)
    backends.load("torch", 0, "float32")
    # What an earlier run has compiled would be found again, and the seconds of compiling with it.
    inductor.force_disable_caches = True
    shapes_of_draws()
    for name in ("cost/steps/torch", "cost/steps_large/torch"):
        made = plan.measurement(raw, name)
        backend = backends.load("torch", made.run.threads, made.run.precision)
        for about in workloads(made, backend):
            if about.name in PROBLEMS:
                yield from (
                    row(backend, about, one, made.estimators[one], rounds, seconds)
                    for one in ESTIMATORS
                )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--config", nargs="+", default=["benchmarks/bench.yaml"])
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--seconds", type=float, default=0.5)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    found = []
    for one in rows(options.config, options.rounds, options.seconds):
        found.append(one)
        print(pd.DataFrame([one]).to_string(index=False, header=len(found) == 1), flush=True)
    if options.out:
        pd.DataFrame(found).to_csv(options.out, index=False)


if __name__ == "__main__":
    main()
