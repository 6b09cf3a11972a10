"""The benchmark on a GPU notices wrong answers and a machine without a GPU.

Its checks run on the CPU here. A recorder replaces CUDA graphs.
"""

import importlib.util
import sys
from itertools import islice
from types import ModuleType
from typing import Any

import jax
import numpy as np
import pytest
import torch

from dirgrad.backends.torch import cuda_graphs, random, replays
from dirgrad.backends.torch.ops import DEVICE
from support.paths import ROOT
from support.recorded_graphs import RecordedGraphs


@pytest.fixture
def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("gpu", ROOT / "benchmarks/gpu.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.CHECKED_ESTIMATORS = {"rank_one": module.ESTIMATORS["rank_one"]}
    module.CHECKED_STEPS = 3
    return module


def test_a_machine_without_a_gpu_gets_one_sentence_and_status_2(
    script: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(jax, "default_backend", lambda: "cpu")
    assert script.main([]) == 2
    output = capsys.readouterr()
    assert output.out == ""
    assert output.err == (
        f"no GPU for PyTorch {torch.__version__} and JAX {jax.__version__}: "
        "run this on a machine with one, with CUDA builds\n"
    )


def test_results_that_differ_by_more_than_the_tolerance_are_named(script: ModuleType) -> None:
    reference = {"losses": np.array([1.0, 2.0]), "w": np.array([4.0])}
    results = {
        "CPU": reference,
        "equal": {"losses": np.array([1.0, 2.0]), "w": np.array([4.0 + 3e-9])},
        "wrong": {"losses": np.array([1.0, 2.0]), "w": np.array([4.0 + 8e-9])},
        "missing": {"losses": np.array([1.0, np.nan]), "w": np.array([4.0])},
    }
    assert script.disagreements(results, 1e-9) == [
        "wrong differs from CPU: w by 2e-09",
        "missing differs from CPU: losses by nan",
    ]


def test_the_checks_pass_and_notice_a_graph_that_errs(
    script: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cuda_graphs, "api", RecordedGraphs())
    # Large draws on the CPU come from a generator, and those on a GPU from a hash.
    if DEVICE.type == "cpu":
        (sentence,) = islice(script.wrong_answers(), 1)
        assert sentence.startswith("GPU draws differs from CPU draws: ")
    monkeypatch.setattr(random, "HASHED_ENTRIES", sys.maxsize)
    assert list(script.wrong_answers()) == []
    right = replays.ReplayedSteps._step

    def wrong(self: Any, graph: Any) -> None:
        right(self, graph)
        self._losses.mul_(1.001)

    monkeypatch.setattr(replays.ReplayedSteps, "_step", wrong)
    (sentence,) = script.wrong_answers()
    start = "PyTorch by CUDA graphs differs from rank_one on the CPU: losses by 0.00"
    assert sentence.startswith(start)


def test_a_wrong_answer_ends_with_status_1_before_anything_is_timed(
    script: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(script, "missing_gpu", lambda: "")
    monkeypatch.setattr(script, "wrong_answers", lambda: iter(["a differs from b: w by 1"]))
    monkeypatch.delattr(script, "timed_rows")
    assert script.main([]) == 1
    assert capsys.readouterr().out == "wrong answer: a differs from b: w by 1\n"


def test_the_table_compares_frameworks_and_estimators_with_the_targets(script: ModuleType) -> None:
    rows = [
        {"problem": "mlp", "estimator": "backprop", "jax_ms": 1.0, "torch_ms": 1.2},
        {"problem": "mlp", "estimator": "rank_one", "jax_ms": 0.5, "torch_ms": 0.96},
        {"problem": "cnn", "estimator": "backprop", "jax_ms": 1.0, "torch_ms": 3.0},
    ]
    table = script.with_ratios(rows)
    assert table["torch_over_jax"].tolist() == pytest.approx([1.2, 1.92, 3.0])
    assert table["torch_over_backprop"].tolist() == pytest.approx([1.0, 0.8, 1.0])
    assert table["jax_over_backprop"].tolist() == pytest.approx([1.0, 0.5, 1.0])
    assert table["torch_over_jax_at_most_1.5"].tolist() == ["met", "missed", ""]
    assert table["torch_over_backprop_at_most_0.75"].tolist() == ["", "missed", ""]
