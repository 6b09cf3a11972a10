"""The table `bench` compares whole steps with each other and with a lower bound."""

import numpy as np
import pandas as pd
import pytest

from dirgrad.analysis.tables import bench
from support.hand_made_records import QUICK, cost_records


def test_a_step_is_compared_with_backprop_the_plain_estimator_and_the_flop_bound() -> None:
    records = cost_records().assign(
        flop_bound_over_forward=3.0,
        signal_to_noise_theory=0.5,
        graph_temp_bytes=10,
        joules=[1.0, 2.0] * 6,
    )
    table = bench.make({"cost": records}, QUICK).set_index("estimator")
    assert table["step_over_forward"].to_dict() == pytest.approx(
        {"backprop": 4.0, "forward_gradient": 4.0}
    )
    assert (
        table["step_over_backprop"].to_dict()
        == table["step_over_plain"].to_dict()
        == {"backprop": 1.0, "forward_gradient": 1.0}
    )
    assert table.loc["backprop", "step_over_flop_bound"] == pytest.approx(4 / 3)
    # The two steps take 4 and 8 seconds, 6 on average.
    assert table.loc["forward_gradient", "snr_per_second"] == pytest.approx(0.5 / 6)
    assert table.loc["forward_gradient", "snr_per_second_and_byte"] == pytest.approx(0.05 / 6)
    assert table["throughput_over_inference"].to_dict() == pytest.approx(
        {"backprop": 0.25, "forward_gradient": 0.25}
    )
    assert table["throughput_over_inference_low"].to_dict() == pytest.approx(
        {"backprop": 0.25, "forward_gradient": 0.25}
    )
    assert table.loc["backprop", "joules_per_step"] == pytest.approx(1.5)
    assert (table["flop_bound_over_forward"] == 3.0).all()


def test_records_without_energy_give_a_table_without_energy() -> None:
    table = bench.make({"cost": cost_records()}, QUICK)
    assert table["joules_per_step"].isna().all()
    assert table["energy_source"].isna().all()
    assert table["device"].isna().all()


def test_an_estimator_that_was_not_timed_has_a_status_and_no_times() -> None:
    refused = {"estimator": "one_layer", "status": "unsupported", "reason": "a single layer"}
    first = cost_records().iloc[:1]
    rows = first.assign(part=None, seconds=None, round=None, **refused)
    table = bench.make({"cost": pd.concat([cost_records(), rows])}, QUICK).set_index("estimator")
    assert list(table.index) == ["backprop", "forward_gradient", "one_layer"]
    assert table.loc["one_layer", "reason"] == "a single layer"
    assert np.isnan(table.loc["one_layer", "step_over_backprop"])
    assert table.loc["backprop", "status"] == "ok"


def test_without_the_plain_estimator_the_table_has_all_its_columns() -> None:
    records = cost_records().query("estimator != 'forward_gradient'")
    table = bench.make({"cost": records}, QUICK)
    assert {*bench.COLUMN_ROLES.file_columns()} == {*table.columns}
    assert table["step_over_plain"].isna().all()
