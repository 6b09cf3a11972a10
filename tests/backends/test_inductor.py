"""`run.torch_compile`: compiled steps equal traced steps, and programs that cannot be compiled."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
import torch._inductor.config

from dirgrad import backends
from dirgrad.backends.torch import inductor
from dirgrad.components.directions.rank_one import RankOne
from dirgrad.components.estimators.forward_gradient import ForwardGradient
from dirgrad.core.errors import UserError
from dirgrad.runs.training import train
from dirgrad.runs.training.outcomes import Row
from support.small_trainings import training_job

LOGISTIC_REGRESSION = {"kind": "logistic_regression", "dataset": "digits"}


@pytest.fixture
def _compilation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Leave the process as it was, and compile into an empty cache."""
    for name, value in (("is_on", False), ("sources", Counter()), ("refusals", [])):
        monkeypatch.setattr(inductor, name, value)
    monkeypatch.setenv("TORCHINDUCTOR_CACHE_DIR", str(tmp_path))
    # A new cache would begin with the headers, for ten seconds.
    with torch._inductor.config.patch(cpp_cache_precompile_headers=False):
        yield


def trained(torch_compile: bool) -> list[Row]:
    """Return the curves of two trials with draws, whose chunks have 1, 2, 4 and 8 steps."""
    backend = backends.load("torch", 1, "float64", torch_compile=torch_compile)
    job = training_job(backend, LOGISTIC_REGRESSION, seeds=1)
    estimators = {"rank_one": ForwardGradient(RankOne())}
    return train.train_trials(job.settings, estimators, job.run, backend)[1]


@pytest.mark.slow
@pytest.mark.skipif(inductor.DEVICE.type != "cpu", reason="a GPU replays CUDA graphs")
@pytest.mark.usefixtures("_compilation")
def test_compiled_training_equals_traced_training_and_stays_in_the_cache(tmp_path: Path) -> None:
    traced = trained(torch_compile=False)
    assert inductor.description() == "off"
    compiled = trained(torch_compile=True)
    assert inductor.description() == f"1 graphs compiled, 0 from the cache {tmp_path}"
    again = trained(torch_compile=True)
    assert inductor.description() == f"1 graphs compiled, 1 from the cache {tmp_path}"
    losses, *others = (
        np.array([row["batch_loss"] for row in rows if row["step"]])
        for rows in (traced, compiled, again)
    )
    assert losses[-1] != losses[0]
    assert np.isfinite(losses).all()
    for other in others:
        np.testing.assert_allclose(other, losses, rtol=1e-10)


@pytest.mark.usefixtures("_compilation")
def test_a_program_that_cannot_be_compiled_runs_traced(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(*arguments: object, **options: object) -> None:
        raise NotImplementedError("no lowering of aten.frobnicate\nTraceback")

    monkeypatch.setattr(torch._inductor, "standalone_compile", refuse)
    engine = backends.load("torch", 1, "float64").engine
    monkeypatch.setattr(inductor, "is_on", True)
    for _ in range(2):
        compiled = engine.compile(lambda x: 2 * x, (torch.ones(2),))
        assert compiled.call(torch.ones(2)).tolist() == [2.0, 2.0]
    (record,) = caplog.records
    assert record.getMessage() == (
        "run.torch_compile: a program runs traced, because it cannot be compiled: "
        "NotImplementedError: no lowering of aten.frobnicate"
    )
    assert inductor.description().endswith(
        "; refused: NotImplementedError: no lowering of aten.frobnicate"
    )


@pytest.mark.usefixtures("_compilation")
def test_programs_whose_bytes_are_counted_stay_traced(monkeypatch: pytest.MonkeyPatch) -> None:
    engine = backends.load("torch", 1, "float64").engine
    monkeypatch.setattr(inductor, "is_on", True)
    engine.compile_for_memory(lambda x: 2 * x, (torch.ones(2),))
    assert not inductor.sources
    assert not inductor.refusals


@pytest.mark.parametrize("compiler", [None, "icpx"])
def test_a_missing_compiler_is_one_sentence(
    compiler: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(backends.sys, "platform", "linux")
    monkeypatch.delenv("CXX", raising=False)
    if compiler:
        monkeypatch.setenv("CXX", compiler)
    with pytest.raises(UserError) as raised:
        backends.load("torch", torch_compile=True)
    assert str(raised.value) == (
        f"run.torch_compile: no C++ compiler '{compiler or 'g++'}' on this machine: install one, "
        "name it in the environment variable CXX, or set run.torch_compile to false"
    )
    backends.load("torch")
    backends.load("jax", precision="float64", torch_compile=True)


@pytest.mark.usefixtures("_compilation")
def test_on_a_gpu_the_option_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inductor, "DEVICE", torch.device("cuda"))
    inductor.configure(torch_compile=False)
    with pytest.raises(UserError, match=r"^run\.torch_compile: .* on this device \(cuda\): "):
        inductor.configure(torch_compile=True)
