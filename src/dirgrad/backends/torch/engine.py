"""How torch runs steps: one step of all lanes traced to a flat graph of ATen calls, then called step after step.

Tracing removes the interpreters of vmap and of forward AD from the loop: the same calls with the same results, in about
a fifth of the time for small problems; then calls write over what nobody reads any more. Nothing is fused and nothing depends
on a compiler.
"""

from collections.abc import Callable
from time import perf_counter
from typing import Any, TypeAlias

import numpy as np
import torch
from torch import Tensor
from torch.func import vmap
from torch.fx import GraphModule
from torch.fx.experimental.proxy_tensor import make_fx
from torch.utils import _pytree as pytree

from dirgrad.backends.torch import flop_count, ops, saved_tensors
from dirgrad.backends.torch.liveness import temp_bytes, write_over
from dirgrad.backends.torch.ops import DEVICE, asarray
from dirgrad.core.types import Batch, Compiled, Ops, State, Step, TrainChunk, Trial


def configure(threads: int, precision: str, /) -> None:
    if threads:
        torch.set_num_threads(threads)


def keys(seeds: np.ndarray, /) -> Tensor:
    return torch.tensor(seeds, dtype=torch.int64)


def _mapped_over(f: Callable[..., Any], shared: tuple[int, ...], lanes: int) -> Callable[..., Any]:
    """f over the first axis of its arguments but the shared ones; one lane is not mapped, since vmap costs it time."""

    def single(*args: Any) -> Any:
        bare = [
            arg if i in shared else pytree.tree_map(lambda x: x[0], arg)
            for i, arg in enumerate(args)
        ]
        return pytree.tree_map(lambda x: x[None], f(*bare))

    def mapped(*args: Any) -> Any:
        return vmap(f, tuple(None if i in shared else 0 for i in range(len(args))))(*args)

    return mapped if lanes > 1 else single


def _ready() -> None:
    if DEVICE.type == "cuda":
        torch.cuda.synchronize()


Flat: TypeAlias = Callable[..., list[Tensor]]
"""A function from the leaves of its arguments to the leaves of its result."""


def _flattened(
    f: Callable[..., Any], example: tuple[Any, ...]
) -> tuple[Flat, list[Tensor], pytree.TreeSpec]:
    """f on leaves, the leaves of the example, and the structure of the result; f is run once, which warms it up."""
    leaves, structure = pytree.tree_flatten(example)
    _, result = pytree.tree_flatten(f(*example))

    def flat(*leaves: Tensor) -> list[Tensor]:
        return pytree.tree_leaves(f(*pytree.tree_unflatten(leaves, structure)))

    return flat, leaves, result


def _traced(flat: Flat, leaves: list[Tensor], consumed: int) -> GraphModule:
    """The same calls as a graph, which writes over the first `consumed` of its arguments. Nothing may depend on the values of
    the leaves: what is random comes from operators on keys, and the index of the step is a leaf. Raises ValueError for leaves
    that require grad: forward accumulation over them would keep more for backward than backpropagation does (pytorch issue
    151782)."""
    if any(leaf.requires_grad for leaf in leaves):
        raise ValueError("an argument requires grad: detach it")
    # The tracer knows its inputs by identity: one tensor given twice, as two zeros of a memory may be, would become one input.
    graph = make_fx(flat)(*copy(leaves))
    graph.graph.eliminate_dead_code()
    write_over(graph.graph, consumed)
    graph.recompile()
    graph(*copy(leaves))
    return graph


@torch.no_grad()
def compile_training(
    step: Step, data: Batch, state: State, trial: Trial, rows: np.ndarray, chunk: int, /
) -> TrainChunk:
    def train(
        state: State, trial: Trial, index: Tensor, chosen: Tensor, data: Batch
    ) -> tuple[State, Tensor]:
        return step(state, trial, index, tuple(part[chosen] for part in data))

    example = (state, trial, torch.tensor(0), asarray(rows[:, 0]), data)
    flat, leaves, result = _flattened(_mapped_over(train, (2, 4), len(rows)), example)
    run = _traced(flat, leaves, len(pytree.tree_leaves(state)))

    @torch.no_grad()
    def advance(
        state: State, trial: Trial, first: int, rows: np.ndarray
    ) -> tuple[State, np.ndarray]:
        indices, chosen = (
            torch.arange(first, first + rows.shape[1]).unbind(),
            asarray(rows).unbind(1),
        )
        carried, losses = pytree.tree_leaves(copy(state)), []
        for index, now in zip(indices, chosen, strict=True):
            *carried, loss = run(*carried, *trial, index, now, *data)
            losses.append(loss)
        _ready()
        state, _ = pytree.tree_unflatten([*carried, loss], result)
        return state, to_numpy(torch.stack(losses, 1))

    return advance


@torch.no_grad()
def compile(f: Callable[..., Any], example: tuple[Any, ...], /, consumed: int = 0) -> Compiled:
    begun = perf_counter()
    flat, leaves, result = _flattened(f, example)
    run = _traced(flat, leaves, len(pytree.tree_leaves(example[:consumed])))

    @torch.no_grad()
    def call(*arguments: Any) -> Any:
        found = run(*pytree.tree_leaves(arguments))
        _ready()
        return pytree.tree_unflatten(found, result)

    seconds = perf_counter() - begun
    return Compiled(
        call,
        seconds,
        {"graph_temp_bytes": temp_bytes(run.graph)} | flop_count.counts(run, copy(tuple(leaves))),
    )


# What one call holds inside is in no account of torch's.
compile_for_memory = compile


@torch.no_grad()
def eager(f: Callable[..., Any], example: tuple[Any, ...], /) -> Compiled:
    @torch.no_grad()
    def call(*arguments: Any) -> Any:
        found = f(*arguments)
        _ready()
        return found

    return Compiled(call, 0.0, flop_count.counts(f, example))


def saved_bytes(
    build: Callable[[Ops], Callable[..., Any]], example: tuple[Any, ...], /
) -> dict[str, int]:
    return {"saved_bytes": saved_tensors.saved_bytes(ops, build, example)}


def device_peak_bytes() -> dict[str, int]:
    return {"device_peak_bytes": torch.cuda.max_memory_allocated()} if DEVICE.type == "cuda" else {}


def vmap_trials(
    f: Callable[..., Any], shared: tuple[int, ...], lanes: int, /
) -> Callable[..., Any]:
    return torch.no_grad()(_mapped_over(f, shared, lanes))


def copy(x: Any, /) -> Any:
    return pytree.tree_map(torch.clone, x)


def to_numpy(x: Tensor, /) -> np.ndarray:
    return x.detach().cpu().numpy()


def environment() -> dict[str, str]:
    name = torch.cuda.get_device_name() if DEVICE.type == "cuda" else "cpu"
    return {"torch": torch.__version__, "device": f"{DEVICE.type}: {name}"}
