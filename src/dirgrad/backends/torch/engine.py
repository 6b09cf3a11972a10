"""Execution in torch: one step of all lanes is traced to a flat graph of ATen calls, then repeated.

Tracing removes the interpreters of vmap and forward-mode AD from the loop. The results stay equal,
and small problems take about a fifth of the time. Calls without an effect are removed
(`simplification.py`), a value and its tangent share a product (`stacking.py`), and calls work in
place if nothing reads the old values any more. With `run.torch_compile` a graph is compiled instead
(`inductor.py`). A step that draws an index has one graph for each value of the index
(`branches.py`). On a GPU the graphs are replayed as CUDA graphs (`replays.py`).
"""

from collections.abc import Callable, Sequence
from functools import partial
from time import perf_counter
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import torch

# PyTorch imports this module at its first gradient, which takes a second. Imported here, it does
# not count as compile time, and processes that are forked from this one share it.
import torch._dynamo
from torch import Tensor
from torch.func import vmap
from torch.utils import _pytree as pytree

from dirgrad.backends.torch import cuda_graphs, inductor, ops, replays, saved_tensors
from dirgrad.backends.torch.branches import specializations
from dirgrad.backends.torch.flop_count import count_flops
from dirgrad.backends.torch.ops import DEVICE, asarray
from dirgrad.backends.torch.tracing import CompileGraph, Traced, flatten, mean_counts, never, trace
from dirgrad.backends.torch.tracing import copy as copy
from dirgrad.core.errors import ExplainedShortage
from dirgrad.core.types import Batch, Compiled, Ops, State, Step, TrainChunk, Trial

TakeSteps: TypeAlias = Callable[[list[Tensor], int, Tensor], tuple[list[Tensor], Tensor]]
"""Map (leaves of state and trial, index of the first step, rows) -> (leaves of state, losses)."""


def configure(threads: int, precision: str, optimize: bool, torch_compile: bool, /) -> None:
    if threads:
        torch.set_num_threads(threads)
    inductor.configure(torch_compile)
    # A GPU would otherwise round the factors of float32 products to 10 bits (TF32).
    torch.backends.cuda.matmul.fp32_precision = "ieee"
    for operator in ("conv", "rnn"):
        getattr(torch.backends.cudnn, operator).fp32_precision = "ieee"
    # torch.use_deterministic_algorithms would refuse the derivative of max_pool2d.
    torch.backends.cudnn.deterministic = True


def keys(seeds: np.ndarray, /) -> Tensor:
    return torch.tensor(seeds, dtype=torch.int64, device=DEVICE)


def _map_lanes(f: Callable[..., Any], shared: tuple[int, ...], lanes: int) -> Callable[..., Any]:
    """Map f over the first axis of all arguments except the shared ones."""

    # vmap itself takes time, so a single lane is not vmapped.
    def run_single(*args: Any) -> Any:
        unbatched = [
            arg if i in shared else pytree.tree_map(lambda x: x[0], arg)
            for i, arg in enumerate(args)
        ]
        return pytree.tree_map(lambda x: x[None], f(*unbatched))

    def run_vmapped(*args: Any) -> Any:
        axes = tuple(None if i in shared else 0 for i in range(len(args)))
        return vmap(f, axes)(*args)

    return run_vmapped if lanes > 1 else run_single


def _synchronize() -> None:
    if DEVICE.type == "cuda":
        torch.cuda.synchronize()


def _plain_steps(run: Traced, num_state: int, data: Batch) -> TakeSteps:
    def take_steps(leaves: list[Tensor], first: int, rows: Tensor) -> tuple[list[Tensor], Tensor]:
        indices = torch.arange(first, first + rows.shape[1], device=DEVICE).unbind()
        # The graph overwrites the leaves of its state, so it gets a copy.
        state_leaves, trial = copy(leaves[:num_state]), leaves[num_state:]
        losses = []
        for index, batch_rows in zip(indices, rows.unbind(1), strict=True):
            *state_leaves, loss = run(*state_leaves, *trial, index, batch_rows, *data)
            losses.append(loss)
        return state_leaves, torch.stack(losses, 1)

    return take_steps


def compile_threads() -> int:
    # Tracing holds the interpreter lock.
    return 1


@ExplainedShortage()
@torch.no_grad()
def compile_training(
    step: Step,
    data: Batch,
    state: State,
    trial: Trial,
    rows: np.ndarray,
    chunk: int,
    /,
) -> TrainChunk:
    def take_step(
        state: State,
        trial: Trial,
        index: Tensor,
        batch_rows: Tensor,
        data: Batch,
    ) -> tuple[State, Tensor]:
        batch = tuple(array[batch_rows] for array in data)
        return step(state, trial, index, batch)

    mapped = _map_lanes(take_step, (2, 4), len(rows))
    example = (state, trial, ops.arange(1)[0], asarray(rows[:, 0]), data)
    run, leaves, num_state, result_structure = _program(mapped, example, 1, inductor.attempt)

    without_data = leaves[: len(leaves) - len(data)]
    replayed = cuda_graphs.attempt(
        lambda api: replays.ReplayedSteps(api, run, without_data, num_state, data, chunk)
    )
    take_steps = replayed or _plain_steps(run, num_state, data)

    @ExplainedShortage()
    @torch.no_grad()
    def train_chunk(
        state: State,
        trial: Trial,
        first: int,
        rows: np.ndarray,
    ) -> tuple[State, np.ndarray]:
        leaves = pytree.tree_leaves((state, trial))
        state_leaves, losses = take_steps(leaves, first, asarray(rows))
        _synchronize()
        state, _ = pytree.tree_unflatten([*state_leaves, losses[:, 0]], result_structure)
        return state, to_numpy(losses)

    return train_chunk


class Program(NamedTuple):
    """A traced function.

    Attributes:
        run: Its graphs.
        leaves: The leaves of its example.
        num_consumed: Number of leading leaves that a call may overwrite.
        result_structure: The structure of its result.
    """

    run: Traced
    leaves: list[Tensor]
    num_consumed: int
    result_structure: pytree.TreeSpec


def _program(
    f: Callable[..., Any],
    example: tuple[Any, ...],
    consumed: int,
    compile_graph: CompileGraph,
) -> Program:
    flat, leaves, result_structure = flatten(f, example)
    num_consumed = len(pytree.tree_leaves(example[:consumed]))
    traced = trace(flat, leaves, num_consumed, compile_graph)
    return Program(traced, leaves, num_consumed, result_structure)


def _replayed(program: Program) -> Callable[..., Any] | None:
    return cuda_graphs.attempt(
        lambda api: replays.capture_call(api, program.run, program.leaves, program.num_consumed)
    )


@ExplainedShortage()
@torch.no_grad()
def _compile(
    f: Callable[..., Any],
    example: tuple[Any, ...],
    /,
    consumed: int = 0,
    branch_probabilities: Sequence[float] = (),
    *,
    compile_graph: CompileGraph,
    capture: Callable[[Program], Callable[..., Any] | None],
) -> Compiled:
    start = perf_counter()
    program = _program(f, example, consumed, compile_graph)
    run = capture(program) or program.run.__call__

    @ExplainedShortage()
    @torch.no_grad()
    def call(*arguments: Any) -> Any:
        result_leaves = run(*pytree.tree_leaves(arguments))
        _synchronize()
        return pytree.tree_unflatten(result_leaves, program.result_structure)

    seconds = perf_counter() - start
    return Compiled(call, seconds, program.run.counts(program.leaves, branch_probabilities))


compile = partial(_compile, compile_graph=inductor.attempt, capture=_replayed)
# torch does not report the memory that an operator uses internally, so no better count exists. A
# CUDA graph would keep the memory of its program, and no buffer of compiled code is counted, so a
# measurement does without both.
compile_for_memory = partial(_compile, compile_graph=never, capture=never)


@torch.no_grad()
def eager(
    f: Callable[..., Any],
    example: tuple[Any, ...],
    /,
    branch_probabilities: Sequence[float] = (),
) -> Compiled:
    @ExplainedShortage()
    @torch.no_grad()
    def call(*arguments: Any) -> Any:
        result = f(*arguments)
        _synchronize()
        return result

    counts: list[dict[str, int]] = []
    for _ in specializations(lambda: counts.append(count_flops(f, example))):
        pass
    return Compiled(call, 0.0, mean_counts(counts, branch_probabilities))


def saved_bytes(
    build: Callable[[Ops], Callable[..., Any]],
    example: tuple[Any, ...],
    /,
) -> dict[str, int]:
    return {"saved_bytes": saved_tensors.saved_bytes(ops, build, example)}


def device_peak_bytes() -> dict[str, int]:
    if DEVICE.type != "cuda":
        return {}
    return {"device_peak_bytes": torch.cuda.max_memory_allocated()}


def vmap_trials(
    f: Callable[..., Any],
    shared: tuple[int, ...],
    lanes: int,
    /,
) -> Callable[..., Any]:
    mapped = _map_lanes(f, shared, lanes)
    return ExplainedShortage()(torch.no_grad()(mapped))


def to_numpy(x: Tensor, /) -> np.ndarray:
    return x.detach().cpu().numpy()


def environment() -> dict[str, str]:
    name = torch.cuda.get_device_name() if DEVICE.type == "cuda" else "cpu"
    return {
        "torch": torch.__version__,
        "device": f"{DEVICE.type}: {name}",
        "cuda_graphs": cuda_graphs.description(),
        "torch_compile": inductor.description(),
        "float32_products": "ieee",
        "determinism": "cudnn.deterministic",
    }
