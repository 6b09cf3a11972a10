"""The Markdown table of the benchmark names the bound of each step and the distance to it."""

import numpy as np
import pandas as pd
import pytest

from dirgrad.report.bench_table import bound_in_words
from dirgrad.report.readme_tables import markdown

ROW = {
    "cost": "steps",
    "problem": "mlp",
    "batch_size": 64,
    "dimension": 1_863_690,
    "backend": "jax",
    "estimator": "backprop",
    "estimator_kind": "backprop",
    "direction": "",
    "num_directions": 0,
    "flop_bound_over_forward": 2.57,
    "step_over_flop_bound": 1.25,
    "step_over_backprop": 1.0,
    "step_over_backprop_low": np.nan,
    "step_over_backprop_high": np.nan,
    "throughput_over_inference": 0.4,
    "throughput_over_inference_low": 0.38,
    "throughput_over_inference_high": 0.41,
    "joules_per_step": np.nan,
    "joules_per_step_low": np.nan,
    "joules_per_step_high": np.nan,
    "snr_per_second": np.nan,
    "threads": 2,
    "device": "cpu: AMD EPYC",
    "energy_source": "not readable here",
    "other_cpu_fraction": 0.012,
    "status": "ok",
}
FORWARD = {"estimator": "forward", "estimator_kind": "forward_gradient", "num_directions": 1}


def cells(table: pd.DataFrame) -> list[list[str]]:
    """Return the cells of the Markdown table, without the line below the head."""
    lines = [line for line in markdown("bench", table).splitlines() if line.startswith("|")]
    head, _, *rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return [head, *rows]


def test_frameworks_stand_side_by_side_and_a_workload_is_named_once() -> None:
    fast = ROW | FORWARD | {"direction": "rank_one", "flop_bound_over_forward": 1.57}
    rows = [ROW, ROW | {"backend": "torch", "step_over_flop_bound": 1.5}, fast]
    head, first, second = cells(pd.DataFrame(rows))
    assert head[:5] == ["problem", "parameters", "batch", "method", "bound: forward passes"]
    assert dict(zip(head[5:], first[5:], strict=True)) == {
        "step / backprop, JAX": "1",
        "step / backprop, PyTorch": "1",
        "times the bound, JAX": "1.25",
        "times the bound, PyTorch": "1.5",
        "inference throughput, JAX": "40 % [38, 41]",
        "inference throughput, PyTorch": "40 % [38, 41]",
        "SNR / s, JAX": "",
        "SNR / s, PyTorch": "",
    }
    assert first[:5] == ["mlp", "1,863,690", "64", "backprop", "2.57: loss, gradient"]
    assert second[:5] == ["", "", "", "forward", "1.57: loss, tangent of the layers' inputs"]
    assert second[6] == "", "PyTorch did not measure this method"


def test_the_energy_is_a_column_if_a_row_has_it_and_its_source_is_named() -> None:
    head, row = cells(pd.DataFrame([ROW | {"joules_per_step": 0.5}]))
    assert dict(zip(head, row, strict=True))["J / step, JAX"] == "0.5"
    text = markdown("bench", pd.DataFrame([ROW]))
    assert "J / step" not in text
    load = "processor time of other processes: at most 1.2%"
    device = "cpu: AMD EPYC; threads: 2; energy: not readable here"
    assert text.endswith(f"\nDevice: {device}; {load}.\n")
    earlier = markdown("bench", pd.DataFrame([ROW | {"device": None, "energy_source": None}]))
    device = "not recorded; threads: 2; energy: not recorded"
    assert earlier.endswith(f"\nDevice: {device}; {load}.\n")


def test_a_step_that_was_not_timed_has_its_status() -> None:
    numbers = ("step_over_backprop", "step_over_flop_bound", "throughput_over_inference")
    refused = ROW | FORWARD | dict.fromkeys(numbers, np.nan) | {"status": "unsupported"}
    _, _, row = cells(pd.DataFrame([ROW, refused]))
    assert row[3] == "forward"
    assert row[5:] == ["unsupported", "", "", ""]


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ({"direction": "gaussian"}, "2.57: loss, tangent"),
        ({"direction": "replayed_rademacher"}, "2.57: loss, tangent"),
        ({"direction": "replayed_rank_one"}, "2.57: loss, tangent of the layers' inputs"),
        ({"direction": "one_layer"}, "2.57: loss, tangent behind the chosen layer"),
        (
            {"direction": "rank_one", "num_directions": 8},
            "2.57: loss, 8 tangents of the layers' inputs",
        ),
        ({"estimator_kind": "finite_difference", "flop_bound_over_forward": 2.0}, "2: 2 losses"),
        ({"estimator_kind": "mezo", "flop_bound_over_forward": 2.0}, "2: 2 losses"),
        ({"estimator_kind": "of_another_package", "direction": "its_law"}, "2.57: loss, tangent"),
        ({"flop_bound_over_forward": np.nan}, ""),
    ],
)
def test_a_bound_says_what_is_multiplied(columns: dict, words: str) -> None:
    assert bound_in_words(ROW | FORWARD | columns) == words
