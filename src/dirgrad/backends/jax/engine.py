"""How JAX runs steps: scanned over steps, mapped over lanes, compiled once, ahead of time."""

import os
from collections.abc import Callable
from time import perf_counter
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from dirgrad.backends.jax import flop_count
from dirgrad.core.types import Batch, Compiled, Ops, State, Step, TrainChunk, Trial

# XLA's scheduler for CPUs would rather begin early all that can begin, such as the draws of every layer, and hold it.
MINDING_MEMORY = {"xla_cpu_scheduler_type": "CPU_SCHEDULER_TYPE_MEMORY_OPTIMIZED"}
# A library that XLA calls for several layers at once has buffers of its own, of which XLA knows nothing.
SEEN = MINDING_MEMORY | {"xla_cpu_experimental_ynn_fusion_type": ""}


def configure(threads: int, precision: str, /) -> None:
    # NPROC is what XLA's CPU client reads for the size of its pool, once, when the first array is made.
    if threads:
        os.environ["NPROC"] = str(threads)
    jax.config.update("jax_enable_x64", precision == "float64")


def keys(seeds: np.ndarray, /) -> Array:
    return jax.vmap(jax.random.key)(jnp.asarray(seeds))


def _mapped_over(f: Callable[..., Any], shared: tuple[int, ...], lanes: int) -> Callable[..., Any]:
    """f over the first axis of its arguments but the shared ones. One lane is not mapped: an axis of size one costs XLA
    twice the time and the memory of none."""

    def single(*args: Any) -> Any:
        bare = [
            arg if i in shared else jax.tree.map(lambda x: x[0], arg) for i, arg in enumerate(args)
        ]
        return jax.tree.map(lambda x: x[None], f(*bare))

    def mapped(*args: Any) -> Any:
        return jax.vmap(f, tuple(None if i in shared else 0 for i in range(len(args))))(*args)

    return mapped if lanes > 1 else single


def _compiled(f: Any, example: tuple[Any, ...], options: dict[str, str] = MINDING_MEMORY) -> Any:
    return f.lower(*example).compile(
        compiler_options=options if jax.default_backend() == "cpu" else None
    )


def compile_training(
    step: Step, data: Batch, state: State, trial: Trial, rows: np.ndarray, chunk: int, /
) -> TrainChunk:
    def train(
        state: State, trial: Trial, first: Array, rows: Array, data: Batch
    ) -> tuple[State, Array]:
        def body(state: State, now: tuple[Array, Array]) -> tuple[State, Array]:
            index, chosen = now
            return step(state, trial, index, tuple(part[chosen] for part in data))

        return jax.lax.scan(body, state, (first + jnp.arange(rows.shape[0]), rows))

    every = jax.jit(_mapped_over(train, (2, 4), len(rows)), donate_argnums=0)
    compiled = _compiled(every, (state, trial, jnp.asarray(0), jnp.asarray(rows[:, :chunk]), data))

    def advance(
        state: State, trial: Trial, first: int, rows: np.ndarray
    ) -> tuple[State, np.ndarray]:
        state, losses = jax.block_until_ready(
            compiled(state, trial, jnp.asarray(first), jnp.asarray(rows), data)
        )
        return state, np.asarray(losses)

    return advance


def compile(f: Callable[..., Any], example: tuple[Any, ...], /, consumed: int = 0) -> Compiled:
    return _prepared(f, example, consumed, MINDING_MEMORY)


def compile_for_memory(
    f: Callable[..., Any], example: tuple[Any, ...], /, consumed: int = 0
) -> Compiled:
    return _prepared(f, example, consumed, SEEN)


def _prepared(
    f: Callable[..., Any], example: tuple[Any, ...], consumed: int, options: dict[str, str]
) -> Compiled:
    begun = perf_counter()
    compiled = _compiled(jax.jit(f, donate_argnums=tuple(range(consumed))), example, options)
    seconds, memory = perf_counter() - begun, compiled.memory_analysis()
    found = {} if memory is None else {"xla_temp_bytes": memory.temp_size_in_bytes}
    found |= flop_count.counts(jax.make_jaxpr(f)(*example))
    return Compiled(lambda *arguments: jax.block_until_ready(compiled(*arguments)), seconds, found)


def eager(f: Callable[..., Any], example: tuple[Any, ...], /) -> Compiled:
    found = flop_count.counts(jax.make_jaxpr(f)(*example))
    return Compiled(lambda *arguments: jax.block_until_ready(f(*arguments)), 0.0, found)


def saved_bytes(
    build: Callable[[Ops], Callable[..., Any]], example: tuple[Any, ...], /
) -> dict[str, int]:
    return {}


def device_peak_bytes() -> dict[str, int]:
    told = jax.devices()[0].memory_stats() or {}
    return {"device_peak_bytes": told["peak_bytes_in_use"]} if "peak_bytes_in_use" in told else {}


def vmap_trials(
    f: Callable[..., Any], shared: tuple[int, ...], lanes: int, /
) -> Callable[..., Any]:
    return jax.jit(_mapped_over(f, shared, lanes))


def copy(x: Any, /) -> Any:
    return jax.tree.map(jnp.copy, x)


def to_numpy(x: Array, /) -> np.ndarray:
    return np.asarray(x)


def environment() -> dict[str, str]:
    device = jax.devices()[0]
    return {"jax": jax.__version__, "device": f"{device.platform}: {device.device_kind}"}
