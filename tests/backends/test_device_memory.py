"""A device with too little memory for a program gives one sentence, and a row with a status."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import torch

from dirgrad import backends
from dirgrad.core.errors import DeviceMemoryError, ExplainedShortage
from dirgrad.core.types import Backend
from dirgrad.runs.context import Context
from dirgrad.runs.training import train
from support.small_trainings import training_job

MESSAGES = {
    "torch": "CUDA out of memory. Tried to allocate 20.00 GiB. GPU 0 has 3.00 GiB free.",
    "jax": "RESOURCE_EXHAUSTED: Out of memory while trying to allocate 20 bytes.\n: 1",
}
FIRST_SENTENCES = {
    "torch": "CUDA out of memory",
    "jax": "RESOURCE_EXHAUSTED: Out of memory while trying to allocate 20 bytes",
}
ERRORS = {"torch": torch.OutOfMemoryError, "jax": jax.errors.JaxRuntimeError}


def in_lanes(engine: Any, f: Callable[[Any], Any], x: Any) -> Any:
    return engine.vmap_trials(f, (), 2)(x)


def eager(engine: Any, f: Callable[[Any], Any], x: Any) -> Any:
    return engine.eager(f, (x,)).call(x)


def compiled(engine: Any, f: Callable[[Any], Any], x: Any) -> Any:
    return engine.compile(f, (x,)).call(x)


def compiled_for_memory(engine: Any, f: Callable[[Any], Any], x: Any) -> Any:
    return engine.compile_for_memory(f, (x,)).call(x)


@pytest.mark.parametrize("run", [in_lanes, eager, compiled, compiled_for_memory])
def test_a_shortage_is_one_sentence_in_each_way_to_run_a_function(
    backend: Backend, run: Callable[..., Any]
) -> None:
    num_calls = [0]

    def f(x: Any) -> Any:
        num_calls[0] += 1
        # The first call of an eager function counts its operations.
        if run is not eager or num_calls[0] > 1:
            raise ERRORS[backend.name](MESSAGES[backend.name])
        return 2 * x

    x = backend.ops.asarray(np.ones((2, 3)))
    with pytest.raises(DeviceMemoryError) as caught:
        run(backend.engine, f, x)
    assert str(caught.value) == (
        "the device has too little memory for this program: take a smaller batch or fewer "
        f"trials at once ({FIRST_SENTENCES[backend.name]})"
    )


def test_xla_itself_reports_a_shortage_in_these_words() -> None:
    engine = backends.load("jax", 1, "float64").engine

    def huge(x: Any) -> Any:
        return jnp.zeros((2**25, 2**25)) + x

    with pytest.raises(DeviceMemoryError, match=r"\(RESOURCE_EXHAUSTED: Out of memory[^\n]*\)$"):
        compiled(engine, huge, jnp.zeros(()))


def test_another_error_of_the_framework_stays(backend: Backend) -> None:
    def f(x: Any) -> Any:
        raise ERRORS[backend.name]("something else")

    with pytest.raises(ERRORS[backend.name], match="something else"):
        backend.engine.compile(f, (backend.ops.asarray(np.ones(3)),))


SHORTAGES = {
    MemoryError(): "no memory is left",
    MemoryError("Unable to allocate 7 TiB"): "Unable to allocate 7 TiB",
    RuntimeError("RESOURCE_EXHAUSTED: Out of memory allocating 8 bytes."): (
        "RESOURCE_EXHAUSTED: Out of memory allocating 8 bytes"
    ),
    RuntimeError(
        "[enforce fail at alloc_cpu.cpp:119] err == 0. DefaultCPUAllocator: can't allocate memory: "
        "you tried to allocate 8 bytes. Error code 12 (Cannot allocate memory)"
    ): "DefaultCPUAllocator: can't allocate memory: you tried to allocate 8 bytes",
}


@pytest.mark.parametrize("error", SHORTAGES)
def test_a_shortage_outside_compiled_programs_is_one_sentence(error: Exception) -> None:
    with pytest.raises(DeviceMemoryError) as caught, ExplainedShortage():
        raise error
    assert str(caught.value).endswith(f"fewer trials at once ({SHORTAGES[error]})")


@pytest.mark.parametrize("error", [RuntimeError("no device"), NotImplementedError("bad_alloc")])
def test_an_error_that_is_not_about_memory_stays(error: Exception) -> None:
    with pytest.raises(type(error)) as caught, ExplainedShortage():
        raise error
    assert caught.value is error


class FailingEngine:
    """An engine that runs out of memory after some chunks."""

    def __init__(self, backend: Backend) -> None:
        self.engine = backend.engine
        self.chunks_left = 1

    def __getattr__(self, name: str) -> Any:
        return getattr(self.engine, name)

    def compile_training(self, *arguments: Any) -> Any:
        train_chunk = self.engine.compile_training(*arguments)

        def limited(*arguments: Any) -> Any:
            self.chunks_left -= 1
            if self.chunks_left < 0:
                raise DeviceMemoryError("the device has too little memory")
            return train_chunk(*arguments)

        return limited


def test_a_training_without_memory_is_a_row_with_a_status() -> None:
    backend = backends.load("torch", 1, "float64")
    job = training_job(backend, "beale", estimators=["backprop"], lanes="all")
    limited = replace(backend, engine=FailingEngine(backend))
    rows = train.run(job, Context(limited))["trials"].to_pandas()
    assert len(rows) == 6
    assert set(rows["status"]) == {"unsupported"}
    assert set(rows["reason"]) == {"the device has too little memory"}


class EngineWithoutKeys:
    """An engine that cannot allocate the keys of the trials."""

    def __init__(self, backend: Backend) -> None:
        self.engine = backend.engine

    def __getattr__(self, name: str) -> Any:
        return getattr(self.engine, name)

    def keys(self, seeds: np.ndarray) -> Any:
        raise RuntimeError("RESOURCE_EXHAUSTED: Out of memory allocating 8 bytes.")


def test_trials_that_cannot_be_allocated_are_rows_with_a_status() -> None:
    backend = backends.load("torch", 1, "float64")
    job = training_job(backend, "beale", estimators=["backprop"], lanes="all")
    limited = replace(backend, engine=EngineWithoutKeys(backend))
    rows = train.run(job, Context(limited))["trials"].to_pandas()
    assert set(rows["status"]) == {"unsupported"}
