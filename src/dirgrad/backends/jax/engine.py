"""Execution in JAX: training is scanned over steps, vmapped over lanes, and compiled in advance."""

import os
from collections.abc import Callable, Sequence
from functools import partial
from time import perf_counter
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from dirgrad.backends.jax import fixed_settings
from dirgrad.backends.jax.flop_count import count_flops
from dirgrad.core.errors import ExplainedShortage, UserError, one_line
from dirgrad.core.types import Batch, Compiled, Ops, State, Step, TrainChunk, Trial

HAS_FUSION_EMITTERS = jax.__version_info__ < (0, 11)
# XLA's default CPU scheduler starts each operation as early as it can. For example, it draws the
# directions of all layers at once and stores them.
LOW_MEMORY = {"xla_cpu_scheduler_type": "CPU_SCHEDULER_TYPE_MEMORY_OPTIMIZED"}
# XLA can pass several layers to a library at once. The library's buffers are not in XLA's memory
# analysis, so this option turns it off.
COUNT_ALL_BUFFERS = LOW_MEMORY | {"xla_cpu_experimental_ynn_fusion_type": ""}
# XLA's emitters of fused loops halve the time of many steps. They also take half of the time to
# compile a convolution, so programs that run a few times and are not timed do without.
# JAX 0.11 has no such option and ends at an unknown one.
QUICK_TO_COMPILE = {"xla_cpu_use_fusion_emitters": False} if HAS_FUSION_EMITTERS else {}
# Equal programs on a GPU then give equal results. XLA still times its kernels to choose among them,
# which `xla_gpu_deterministic_ops` would forbid.
REPRODUCIBLE = {"xla_gpu_exclude_nondeterministic_ops": True}
# Flags with which XLA compiles in a quarter of the time. It would otherwise split each program into
# parts that threads compile side by side, which takes longer on one thread.
UNOPTIMIZED = " ".join(
    ["--xla_backend_optimization_level=0"]
    + [
        "--xla_cpu_use_fusion_emitters=false",
        "--xla_cpu_parallel_codegen_split_count=1",
    ]
    * HAS_FUSION_EMITTERS
)


def configure(threads: int, precision: str, optimize: bool, torch_compile: bool, /) -> None:
    # XLA reads these variables once, when the first array is created: NPROC is the size of its
    # thread pool.
    if threads:
        os.environ["NPROC"] = str(threads)
    flags = os.environ.get("XLA_FLAGS", "")
    if not optimize and UNOPTIMIZED not in flags:
        os.environ["XLA_FLAGS"] = f"{flags} {UNOPTIMIZED}".strip()
    # JAX would otherwise take three quarters of a GPU's memory at its start.
    os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")
    fixed_settings.fix()
    jax.config.update("jax_enable_x64", precision == "float64")


def keys(seeds: np.ndarray, /) -> Array:
    return jax.vmap(jax.random.key)(jnp.asarray(seeds))


def _map_lanes(f: Callable[..., Any], shared: tuple[int, ...], lanes: int) -> Callable[..., Any]:
    """Map f over the first axis of all arguments except the shared ones."""

    # An axis of length 1 doubles time and memory in XLA, so a single lane is not vmapped.
    def run_single(*args: Any) -> Any:
        unbatched = [
            arg if i in shared else jax.tree.map(lambda x: x[0], arg) for i, arg in enumerate(args)
        ]
        return jax.tree.map(lambda x: x[None], f(*unbatched))

    def run_vmapped(*args: Any) -> Any:
        axes = tuple(None if i in shared else 0 for i in range(len(args)))
        return jax.vmap(f, axes)(*args)

    return run_vmapped if lanes > 1 else run_single


def _compiler_options(on_cpu: dict[str, Any]) -> dict[str, Any] | None:
    """Return the options of XLA's compiler for the device, where `on_cpu` is for CPUs only."""
    by_platform = {"cpu": on_cpu, "gpu": REPRODUCIBLE}
    return by_platform.get(jax.default_backend())


def compile_threads() -> int:
    # Two threads on a CPU compile more slowly than one.
    if jax.default_backend() == "cpu":
        return 1
    return min(8, os.cpu_count() or 1)


def _training_loop(step: Step, chunk: int) -> Callable[..., tuple[State, Array]]:
    """Return the loop of one trial over its first `count` of `chunk` steps.

    The number of steps is an argument, so that one program takes chunks of every length.
    """

    def train(
        state: State,
        trial: Trial,
        first: Array,
        count: Array,
        rows: Array,
        data: Batch,
    ) -> tuple[State, Array]:
        def take_step(i: Array, carry: tuple[State, Array]) -> tuple[State, Array]:
            state, losses = carry
            batch_rows = jax.lax.dynamic_index_in_dim(rows, i, keepdims=False)
            batch = tuple(array[batch_rows] for array in data)
            state, loss = step(state, trial, first + i, batch)
            return state, jax.lax.dynamic_update_index_in_dim(losses, loss, i, 0)

        losses = jnp.zeros(chunk, trial.learning_rate.dtype)
        return jax.lax.fori_loop(0, count, take_step, (state, losses))

    return train


@ExplainedShortage()
def compile_training(
    step: Step,
    data: Batch,
    state: State,
    trial: Trial,
    rows: np.ndarray,
    chunk: int,
    /,
) -> TrainChunk:
    def arguments(state: State, trial: Trial, first: int, rows: np.ndarray) -> tuple[Any, ...]:
        count = rows.shape[1]
        if count < chunk:
            rows = np.pad(rows, ((0, 0), (0, chunk - count), (0, 0)))
        return state, trial, jnp.asarray(first), jnp.asarray(count), jnp.asarray(rows), data

    mapped = _map_lanes(_training_loop(step, chunk), (2, 3, 5), len(rows))
    jitted = jax.jit(mapped, donate_argnums=0)
    lowered = jitted.lower(*arguments(state, trial, 0, rows[:, :chunk]))
    compiled = lowered.compile(compiler_options=_compiler_options(LOW_MEMORY))

    @ExplainedShortage()
    def train_chunk(
        state: State,
        trial: Trial,
        first: int,
        rows: np.ndarray,
    ) -> tuple[State, np.ndarray]:
        result = compiled(*arguments(state, trial, first, rows))
        state, losses = jax.block_until_ready(result)
        return state, np.asarray(losses)[:, : rows.shape[1]]

    return train_chunk


@ExplainedShortage()
def _compile(
    f: Callable[..., Any],
    example: tuple[Any, ...],
    /,
    consumed: int = 0,
    branch_probabilities: Sequence[float] = (),
    *,
    options: dict[str, str],
) -> Compiled:
    start = perf_counter()
    traced = jax.jit(f, donate_argnums=tuple(range(consumed))).trace(*example)
    compiled = traced.lower().compile(compiler_options=_compiler_options(options))
    seconds = perf_counter() - start

    memory = compiled.memory_analysis()
    counts = {} if memory is None else {"xla_temp_bytes": memory.temp_size_in_bytes}
    counts |= count_flops(traced.jaxpr, branch_probabilities)
    return Compiled(_blocking(compiled), seconds, counts)


compile = partial(_compile, options=LOW_MEMORY)
compile_for_memory = partial(_compile, options=COUNT_ALL_BUFFERS)


def _blocking(f: Callable[..., Any]) -> Callable[..., Any]:
    """Return f, changed to wait for its result."""

    @ExplainedShortage()
    def call(*args: Any) -> Any:
        return jax.block_until_ready(f(*args))

    return call


def eager(
    f: Callable[..., Any],
    example: tuple[Any, ...],
    /,
    branch_probabilities: Sequence[float] = (),
) -> Compiled:
    counts = count_flops(jax.make_jaxpr(f)(*example), branch_probabilities)
    return Compiled(_blocking(f), 0.0, counts)


def saved_bytes(
    build: Callable[[Ops], Callable[..., Any]],
    example: tuple[Any, ...],
    /,
) -> dict[str, int]:
    return {}


def device_peak_bytes() -> dict[str, int]:
    stats = jax.devices()[0].memory_stats() or {}
    if "peak_bytes_in_use" not in stats:
        return {}
    return {"device_peak_bytes": stats["peak_bytes_in_use"]}


def vmap_trials(
    f: Callable[..., Any],
    shared: tuple[int, ...],
    lanes: int,
    /,
) -> Callable[..., Any]:
    mapped = _map_lanes(f, shared, lanes)
    jitted = jax.jit(mapped, compiler_options=_compiler_options(QUICK_TO_COMPILE))
    return ExplainedShortage()(jitted)


def copy(x: Any, /) -> Any:
    return jax.tree.map(jnp.copy, x)


def to_numpy(x: Array, /) -> np.ndarray:
    return np.asarray(x)


def environment() -> dict[str, str]:
    try:
        device = jax.devices()[0]
    except (RuntimeError, AssertionError) as error:
        # JAX asserts that it has a device if JAX_PLATFORMS names a missing one.
        reason = one_line(error) or "no platform could be initialized"
        raise UserError(f"JAX has no device ({reason}): change or unset JAX_PLATFORMS") from error
    return {
        "jax": jax.__version__,
        "device": f"{device.platform}: {device.device_kind}",
        "float32_products": "highest",
        "determinism": "xla_gpu_exclude_nondeterministic_ops",
        "compile_threads": str(compile_threads()),
    }
