"""Check and time the steps of both frameworks on a GPU, in one command of at most 8 minutes.

    python benchmarks/gpu.py --out results/gpu

First it checks that the results are right:

- random draws in PyTorch equal the draws on the CPU,
- compilation keeps the tangents of forward mode in both frameworks,
- training in float64 by CUDA graphs, without them and on the CPU leads to equal parameters, and so
  does backprop in JAX.

Then it times training steps in float32. It prints one row per problem and estimator, with the
targets. A wrong answer ends it with status 1, and a machine without a GPU with status 2. It needs
neither Snakemake nor a network.
"""

import argparse
import json
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from dirgrad import backends
from dirgrad.components import registry
from dirgrad.components.optimizers.sgd import Sgd
from dirgrad.config.settings import Run, Training
from dirgrad.core import steps
from dirgrad.core.errors import UserError
from dirgrad.core.types import Backend, Estimator, Problem
from dirgrad.records import provenance
from dirgrad.runs.instruments import oracle
from dirgrad.runs.training import trials

DIGITS = {"kind": "digits", "side": 28}
PROBLEMS: dict[str, dict[str, Any]] = {
    "mlp": {"kind": "mlp", "dataset": DIGITS, "hidden": [1024, 1024]},
    "logistic_regression": {"kind": "logistic_regression", "dataset": DIGITS},
    "cnn": {"kind": "cnn", "dataset": DIGITS, "channels": 64, "hidden": 1024},
    "rnn": {"kind": "rnn", "dataset": DIGITS, "hidden": 256},
}
CHECKED_PROBLEM = {"kind": "mlp", "dataset": "digits", "hidden": [32, 32]}
ESTIMATORS: dict[str, Any] = {
    "backprop": "backprop",
    "rank_one": {"kind": "forward_gradient", "direction": "rank_one"},
    "one_layer": {"kind": "forward_gradient", "direction": "one_layer"},
    "gaussian": {"kind": "forward_gradient", "direction": "gaussian"},
}
CHECKED_ESTIMATORS = ESTIMATORS | {"learned_layers": "learned_layers"}
BATCH = 64
CHECKED_STEPS = 20
TIMED_STEPS = 200
ROUNDS = 5
TOLERANCE = 1e-9
"""Largest accepted error of parameters in float64 after 20 steps, relative to the largest one."""
DRAW_TOLERANCE = 1e-12
"""Largest accepted error of a draw in float64; a logarithm may round differently on a GPU."""
TARGETS = {"torch_over_jax": 1.5, "torch_over_backprop": 0.75}
"""Largest time of an MLP step in PyTorch over JAX's, and of a rank-one step over backprop's."""
Arrays = Mapping[str, np.ndarray]


def missing_gpu() -> str:
    """Return one sentence on the framework that sees no GPU, or "" if both see one."""
    import jax
    import torch

    missing = []
    if not torch.cuda.is_available():
        missing.append(f"PyTorch {torch.__version__}")
    if jax.default_backend() != "gpu":
        missing.append(f"JAX {jax.__version__}")
    if not missing:
        return ""
    return f"no GPU for {' and '.join(missing)}: run this on a machine with one, with CUDA builds"


def disagreements(results: Mapping[str, Arrays], tolerance: float) -> list[str]:
    """Compare every result with the first; return one sentence per result that differs.

    Args:
        results: Arrays by the name of the way in which they were computed.
        tolerance: Largest accepted difference, relative to the largest entry of the array.
    """
    (first, reference), *others = results.items()
    problems = []
    for way, arrays in others:
        errors = {name: _error(array, reference[name]) for name, array in arrays.items()}
        worst = max(errors, key=lambda name: errors[name])
        # A comparison with NaN is false, so the condition is not reversed.
        if not errors[worst] <= tolerance:
            problems.append(f"{way} differs from {first}: {worst} by {errors[worst]:.2g}")
    return problems


def _error(array: np.ndarray, reference: np.ndarray) -> float:
    difference = np.abs(array.astype(float) - reference)
    return float(np.max(difference) / np.max(np.abs(reference)))


class Task(NamedTuple):
    """A training of one trial: problem, estimator and number of steps."""

    problem: Problem
    estimator: Estimator
    num_steps: int
    precision: str


class Trained(NamedTuple):
    """The parameters and losses after a training, and the seconds of its steps."""

    arrays: Arrays
    seconds: float


def prepare(backend: Backend, task: Task) -> Callable[[], Trained]:
    """Compile the training; return a function that trains once from the initial parameters."""
    training = Training(
        problem=task.problem,
        optimizer=Sgd(),
        learning_rates=(1e-3,),
        seeds=1,
        steps=task.num_steps,
        record_every=task.num_steps,
        batch_size=BATCH,
    )
    lanes = trials.search_trials(training)
    splits = trials.load_splits(task.problem, Run(precision=task.precision))
    data = tuple(map(backend.ops.asarray, splits.train))
    rows = trials.lane_rows(training, len(splits.train[0]), lanes)
    step = steps.make_step(backend.ops, task.problem, task.estimator, Sgd(), 1e-4)
    engine = backend.engine
    start, trial = trials.initial_state(training, task.estimator, backend, task.precision, lanes)
    train_chunk = engine.compile_training(step, data, start, trial, rows, task.num_steps)

    def train() -> Trained:
        # The loop may overwrite its state. Reading the copy waits until it exists.
        state = engine.copy(start)
        for leaf in state.params.values():
            engine.to_numpy(leaf)
        started = perf_counter()
        state, losses = train_chunk(state, trial, 0, rows)
        seconds = perf_counter() - started
        params = {name: engine.to_numpy(leaf) for name, leaf in state.params.items()}
        return Trained(params | {"losses": losses}, seconds)

    return train


@contextmanager
def plain() -> Iterator[None]:
    """Let PyTorch run without CUDA graphs."""
    from dirgrad.backends.torch import cuda_graphs

    api, cuda_graphs.api = cuda_graphs.api, None
    try:
        yield
    finally:
        cuda_graphs.api = api


@contextmanager
def on_cpu() -> Iterator[None]:
    """Let PyTorch run on the CPU, with the draws of a GPU: hashes for every size."""
    import torch

    from dirgrad.backends.torch import engine, ops, random

    device, entries = ops.DEVICE, random.HASHED_ENTRIES
    ops.DEVICE = engine.DEVICE = torch.device("cpu")
    random.HASHED_ENTRIES = sys.maxsize
    try:
        with plain():
            yield
    finally:
        ops.DEVICE = engine.DEVICE = device
        random.HASHED_ENTRIES = entries


def draws(backend: Backend) -> Arrays:
    """Return draws of each law from three keys in PyTorch, and integers."""
    ops, engine = backend.ops, backend.engine
    like = ops.asarray(np.zeros(1))
    result = {}
    for seed, key in enumerate(engine.keys(np.array([0, 1, 2**40]))):
        for law in ("uniform", "normal", "signs"):
            result[f"{law} {seed}"] = engine.to_numpy(getattr(ops, law)(key, 2000, like))
        result[f"key {seed}"] = engine.to_numpy(ops.randint(ops.fold_in(key, 3), 2**30))
    return result


def wrong_answers() -> Iterator[str]:
    """Yield one sentence per wrong answer."""
    torch = backends.load("torch", 0, "float64")
    jax = backends.load("jax", 0, "float64")
    for backend in (torch, jax):
        try:
            oracle.require_tangents(backend)
        except UserError as error:
            yield str(error)
    with on_cpu():
        expected = draws(torch)
    yield from disagreements({"CPU draws": expected, "GPU draws": draws(torch)}, DRAW_TOLERANCE)
    problem = registry.parse("problems", CHECKED_PROBLEM)
    for name, options in CHECKED_ESTIMATORS.items():
        estimator = registry.parse("estimators", options)
        task = Task(problem, estimator, CHECKED_STEPS, "float64")
        with on_cpu():
            results = {f"{name} on the CPU": prepare(torch, task)().arrays}
        with plain():
            results["PyTorch on the GPU"] = prepare(torch, task)().arrays
        results["PyTorch by CUDA graphs"] = prepare(torch, task)().arrays
        if name == "backprop":
            results["JAX on the GPU"] = prepare(jax, task)().arrays
        yield from disagreements(results, TOLERANCE)


def seconds_per_step(ways: Mapping[str, Callable[[], Trained]]) -> dict[str, float]:
    """Return the median seconds per step of each way; the ways take turns."""
    times: dict[str, list[float]] = {way: [] for way in ways}
    for _ in range(ROUNDS):
        for way, train in ways.items():
            times[way].append(train().seconds / TIMED_STEPS)
    return {way: median(values) for way, values in times.items()}


def measure(problem_name: str, estimator_name: str) -> dict[str, Any]:
    """Return the row of one problem and estimator."""
    jax = backends.load("jax", 0, "float32")
    torch = backends.load("torch", 0, "float32")
    problem = registry.parse("problems", PROBLEMS[problem_name])
    estimator = registry.parse("estimators", ESTIMATORS[estimator_name])
    task = Task(problem, estimator, TIMED_STEPS, "float32")
    ways = {"jax": prepare(jax, task), "torch": prepare(torch, task)}
    with plain():
        ways["torch_plain"] = prepare(torch, task)
    for train in ways.values():
        train()
    seconds = seconds_per_step(ways)
    milliseconds = {f"{way}_ms": 1e3 * value for way, value in seconds.items()}
    return {"problem": problem_name, "estimator": estimator_name, **milliseconds}


def with_ratios(rows: list[dict[str, Any]]) -> pd.DataFrame:
    """Add the ratios between frameworks and to backprop, and whether the targets are met."""
    table = pd.DataFrame(rows)
    table["torch_over_jax"] = table["torch_ms"] / table["jax_ms"]
    is_backprop = table["estimator"] == "backprop"
    backprop = table[is_backprop].set_index("problem")
    for way in ("jax", "torch"):
        baseline = table["problem"].map(backprop[f"{way}_ms"])
        table[f"{way}_over_backprop"] = table[f"{way}_ms"] / baseline
    is_mlp = table["problem"] == "mlp"
    has_target = {
        "torch_over_jax": is_mlp,
        "torch_over_backprop": is_mlp & (table["estimator"] == "rank_one"),
    }
    for ratio, applies in has_target.items():
        is_met = table[ratio] <= TARGETS[ratio]
        text = is_met.map({True: "met", False: "missed"})
        column = f"{ratio}_at_most_{TARGETS[ratio]}"
        table[column] = text.where(applies, "")
    return table


def timed_rows(seconds: float) -> Iterator[dict[str, Any]]:
    """Yield the rows until time is up; say which ones are left out."""
    started = perf_counter()
    left_out = []
    for problem in PROBLEMS:
        for estimator in ESTIMATORS:
            if perf_counter() - started > seconds:
                left_out.append(f"{problem}/{estimator}")
            else:
                yield measure(problem, estimator)
    if left_out:
        print(f"not timed within {seconds:.0f} s: {', '.join(left_out)}", file=sys.stderr)


def write(table: pd.DataFrame, out: Path) -> None:
    """Write the table as gpu.csv, and the origin of its numbers as gpu.json."""
    facts: dict[str, str] = {}
    for name in backends.NAMES:
        environment = backends.load(name, 0, "float32").engine.environment()
        facts |= {f"{name}_{key}": value for key, value in environment.items()}
    settings = {"problems": PROBLEMS, "estimators": ESTIMATORS, "batch_size": BATCH}
    out.mkdir(parents=True, exist_ok=True)
    table.to_csv(out / "gpu.csv", index=False)
    origin = provenance.collect(settings, facts)
    (out / "gpu.json").write_text(json.dumps(origin, indent=1) + "\n", encoding="utf-8")


def main(arguments: list[str] | None = None) -> int:
    """Check, then time; return the exit status."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path, default=Path("results/gpu"))
    parser.add_argument("--seconds", type=float, default=300, help="time for the timings")
    options = parser.parse_args(arguments)
    backends.load("jax", 0, "float64")
    if missing := missing_gpu():
        print(missing, file=sys.stderr)
        return 2
    wrong = list(wrong_answers())
    for sentence in wrong:
        print(f"wrong answer: {sentence}", flush=True)
    if wrong:
        return 1
    print("all answers are right", flush=True)
    rows = []
    for row in timed_rows(options.seconds):
        rows.append(row)
        print(json.dumps(row), file=sys.stderr, flush=True)
    table = with_ratios(rows)
    write(table, options.out)
    print(table.round(3).to_string(index=False))
    return 0


if __name__ == "__main__":
    sys.exit(main())
