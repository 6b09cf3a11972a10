"""A new claim needs no Python, and evidence does not depend on the order of the rows."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml

from dirgrad.analysis import claims_table
from dirgrad.analysis.claims import Claim, evidence_of_claim, load_claims
from dirgrad.analysis.samples import parse_samples
from dirgrad.analysis.selection import Estimators
from dirgrad.analysis.verdicts import Evidence, estimate
from dirgrad.cli import main
from dirgrad.core.errors import UserError
from support.hand_made_quantities import CLAIMS, ESTIMATORS, config_of_tier
from support.paths import ROOT
from support.quantity_tables import Row, Tables, ratio_with_interval, value_with_interval

REFERENCE = ROOT / "results" / "reference"
FORWARD = {"kind": "forward_gradient", "direction": "gaussian", "num_directions": 1}
NEW_CLAIMS: dict[str, Any] = {
    "a_difference_is_cheaper_than_a_jvp": {
        "source": "nobody",
        "statement": "A step with a finite difference takes less time than a forward gradient.",
        "evidence": "measured",
        "quantity": {
            "kind": "ratio",
            "table": "cost",
            "of": "step_over_forward",
            "over": {"kind": "finite_difference", "scheme": "central"},
            "under": FORWARD,
            "where": {"batch_size": 64},
        },
        "criterion": {"below": 1.0},
    },
    "the_tape_of_backprop_grows_with_depth": {
        "source": "nobody",
        "statement": "The bytes that backprop saves grow with the depth.",
        "evidence": "measured",
        "quantity": {
            "kind": "power",
            "table": "memory",
            "of": "saved_bytes",
            "in": "depth",
            "estimator": "backprop",
        },
        "criterion": {"between": [0.5, 1.5]},
    },
    "the_cosine_is_small": {
        "source": "nobody",
        "statement": "The cosine of a rank-one estimate is small.",
        "evidence": "measured",
        "quantity": {
            "kind": "value",
            "table": "quality",
            "of": "cosine",
            "estimator": FORWARD | {"direction": "rank_one"},
        },
        "criterion": {"below": 0.5},
    },
}
"""One new claim per general quantity."""


@pytest.fixture
def claims_file(tmp_path: Path) -> Path:
    """Return a file with the new claims."""
    path = tmp_path / "claims.yaml"
    path.write_text(yaml.safe_dump({"claims": NEW_CLAIMS}, sort_keys=False))
    return path


def evidence_of(quantity: Any, tables: Tables) -> list[Evidence]:
    """Return the evidence about a quantity in tables, for the default estimators."""
    texts = {"source": "x", "statement": "x", "evidence": "measured"}
    claim = Claim.model_validate(texts | {"quantity": quantity, "criterion": {"above": 1.0}})
    return evidence_of_claim("x", claim, tables, ESTIMATORS)


def value(evidence: Evidence) -> float:
    """Return the mean of a place."""
    return estimate(evidence, 0.95).value


def values_of_all_claims(tables: Mapping[str, pd.DataFrame], estimators: Estimators) -> list[Any]:
    """Return the id, the facets and the mean of every place of every claim."""
    return [
        (name, *sorted(map(str, evidence.facets.items())), value(evidence))
        for name, claim in CLAIMS.items()
        for evidence in evidence_of_claim(name, claim, tables, estimators)
    ]


def test_new_claims_are_judged_on_hand_made_tables(claims_file: Path) -> None:
    step = {"backend": "jax", "problem": "mlp", "batch_size": 64, "cost": "baydin", "n": 10}
    times = {"finite_difference_central": 1.0, "forward_gradient": 2.0, "backprop": 3.0}
    shape = {"backend": "jax", "estimator": "backprop", "batch_size": 64, "problem": "mlp"}
    saved = [shape | {"depth": d, "saved_bytes": 8 * d} for d in (2, 5, 10)]
    law = {"estimator": "forward_gradient_rank_one", "eps": None, "dtype": "float32", "draws": 100}
    tables = {
        "cost": pd.DataFrame(
            [
                step
                | {"estimator": name}
                | ratio_with_interval("step_over_forward", time, 0.01 * time)
                for name, time in times.items()
            ]
        ),
        "memory": pd.DataFrame(saved),
        "quality": pd.DataFrame(
            [{"backend": "jax", "problem": "mlp"} | law | value_with_interval("cosine", 0.1, 0.01)]
        ),
    }
    judged = claims_table.make(tables, load_claims(claims_file), ESTIMATORS, 0.95, "test")
    assert list(judged.claims["verdict"]) == ["holds"] * 3
    assert list(judged.evidence["value"]) == pytest.approx([0.5, 1.0, 0.1])
    assert list(judged.evidence["at"]) == [
        "framework jax, problem mlp, batch_size 64",
        "framework jax, estimator backprop, batch_size 64",
        "framework jax, problem mlp, estimator forward_gradient_rank_one, dtype float32",
    ]


def test_new_claims_are_judged_on_the_committed_tables(claims_file: Path, tmp_path: Path) -> None:
    tables = REFERENCE / "default" / "tables"
    config = ["--config", str(ROOT / "config/config.yaml")]
    main.main(
        ["claims", str(tables), *config, "--claims", str(claims_file), "--out", str(tmp_path)]
    )
    evidence = pd.read_csv(tmp_path / "evidence.csv").set_index("id")
    cost = pd.read_csv(tables / "cost.csv")
    cost = cost[cost["batch_size"] == 64].set_index(["estimator", "backend", "cost", "problem"])
    times = cost["step_over_forward_values"].map(lambda text: np.log(parse_samples(text).low))
    both = (
        times["finite_difference_central"]
        .to_frame("over")
        .join(times["forward_gradient"].rename("under"), how="inner")
    )
    ratios = [np.exp((over - under).mean()) for over, under in both.to_numpy()]
    first = evidence.loc["a_difference_is_cheaper_than_a_jvp", "value"]
    np.testing.assert_allclose(sorted(first), sorted(ratios), rtol=1e-6)
    assert set(evidence.index) == set(NEW_CLAIMS)


@pytest.mark.parametrize("tier", ["default", "sequences", "beyond"])
def test_the_committed_verdicts_are_those_of_the_claims(tier: str, tmp_path: Path) -> None:
    tables = REFERENCE / tier / "tables"
    overlays = [] if tier == "default" else [str(ROOT / f"config/{tier}.yaml")]
    config = ["--config", str(ROOT / "config/config.yaml"), *overlays]
    claims = ["--claims", str(ROOT / "config/claims.yaml")]
    main.main(["claims", str(tables), *config, *claims, "--out", str(tmp_path)])
    for name in ("claims", "evidence"):
        judged = pd.read_csv(tmp_path / f"{name}.csv")
        pd.testing.assert_frame_equal(judged, pd.read_csv(tables / f"{name}.csv"), rtol=1e-6)


def test_evidence_does_not_depend_on_the_order_of_the_rows() -> None:
    tables = claims_table.read(REFERENCE / "default" / "tables")
    reversed_tables = {name: table.iloc[::-1] for name, table in tables.items()}
    values, reversed_values = (
        {place[:-1]: place[-1] for place in values_of_all_claims(given, ESTIMATORS)}
        for given in (tables, reversed_tables)
    )
    assert reversed_values == pytest.approx(values, nan_ok=True)


def test_evidence_does_not_depend_on_the_names_of_the_estimators() -> None:
    config = config_of_tier("default")
    tables = claims_table.read(REFERENCE / "default" / "tables")
    renamed_tables = {
        name: table.assign(estimator="my_" + table["estimator"])
        for name, table in tables.items()
        if "estimator" in table
    }
    renamed = {f"my_{name}": estimator for name, estimator in config.estimators.items()}
    both = ((tables, config.estimators), (renamed_tables, renamed))
    values, renamed_values = (
        [(place[0], place[-1]) for place in values_of_all_claims(*given)] for given in both
    )
    np.testing.assert_equal(renamed_values, values)


def laws(*measurements: Row) -> Tables:
    """Return the table `quality` with one row per measurement, on ten parameters."""
    shared = {"backend": "jax", "dimension": 10, "draws": 100, "num_directions": 1}
    names = {"gaussian": "forward_gradient", "rademacher": "forward_gradient_rademacher"}
    rows = [
        shared | {"estimator": names[row["direction"]], "eps": None, "dtype": "float32"} | row
        for row in measurements
    ]
    return {"quality": pd.DataFrame(rows)}


def law(quality: str, problem: str, direction: str, snr: float) -> Row:
    where = {"quality": quality, "problem": problem, "direction": direction}
    return where | ratio_with_interval("snr", snr, 0.01)


def test_a_law_is_compared_wherever_the_gaussian_law_was_measured_with_it() -> None:
    """The first measurement of a dimension once hid all others of this dimension."""
    rows = [
        law("a", "quadratic", "rademacher", 0.3),
        law("b", "quadratic", "rademacher", 0.3),
        law("b", "quadratic", "gaussian", 0.1),
        law("b", "rosenbrock", "rademacher", 0.2),
        law("b", "rosenbrock", "gaussian", 0.1),
    ]
    quantity = CLAIMS["constant_length_is_best"].quantity
    for ordered in (rows, rows[::-1]):
        evidence = list(quantity.evidence(laws(*ordered), ESTIMATORS))
        values = {item.facets["problem"]: value(item) for item in evidence}
        assert values == pytest.approx({"quadratic": 3.0, "rosenbrock": 2.0})


def bytes_of(problem: str, estimator: str, temp_bytes: float, **cells: Any) -> Row:
    shared = {"backend": "jax", "batch_size": 64, "depth": 5, "memory": "width"}
    counts = {"xla_temp_bytes": temp_bytes, "graph_temp_bytes": None}
    return shared | {"problem": problem, "estimator": estimator} | counts | cells


def test_problems_of_one_depth_are_told_apart() -> None:
    rows = [
        bytes_of("narrow", "forward_gradient", 10.0),
        bytes_of("narrow", "backprop", 5.0),
        bytes_of("wide", "forward_gradient", 30.0),
        bytes_of("wide", "backprop", 5.0),
    ]
    quantity = CLAIMS["memory_is_alike"].quantity
    evidence = list(quantity.evidence({"memory": pd.DataFrame(rows)}, ESTIMATORS))
    values = {item.facets["problem"]: value(item) for item in evidence}
    assert values == pytest.approx({"narrow": 2.0, "wide": 6.0})


def test_several_denominators_are_told_apart() -> None:
    rows = [
        bytes_of("narrow", "backprop", 20.0),
        bytes_of("narrow", "forward_gradient", 10.0),
        bytes_of("narrow", "forward_gradient_k8", 5.0),
    ]
    ratio = {"kind": "ratio", "table": "memory", "of": "temp_bytes", "over": "backprop"}
    quantity = ratio | {"under": {"kind": "forward_gradient", "direction": "gaussian"}}
    evidence = evidence_of(quantity, {"memory": pd.DataFrame(rows)})
    values = {item.facets["estimator_under"]: value(item) for item in evidence}
    assert values == pytest.approx({"forward_gradient": 2.0, "forward_gradient_k8": 4.0})


def test_a_line_through_several_counts_at_one_abscissa_is_refused() -> None:
    rows = [
        bytes_of(f"{width}_{depth}", "backprop", size * depth, depth=depth)
        for width, size in (("narrow", 1.0), ("wide", 9.0))
        for depth in (2, 10)
    ]
    power = {"kind": "power", "table": "memory", "of": "temp_bytes", "in": "depth"}
    tables = {"memory": pd.DataFrame(rows)}
    with pytest.raises(UserError, match=r"claims\.x\.quantity: several rows .* add a column to"):
        evidence_of(power, tables)
    narrow = power | {"where": {"problem": ["narrow_2", "narrow_10"]}}
    (evidence,) = evidence_of(narrow, tables)
    assert value(evidence) == pytest.approx(1.0)


@pytest.mark.parametrize(("table", "column"), [("memory", "temp_bytes"), ("cost", "flops")])
def test_lines_of_two_measurements_are_told_apart(table: str, column: str) -> None:
    rows = [
        bytes_of("layers", "backprop", depth**power, depth=depth, flops=depth**power)
        | {table: f"power_{power}"}
        for power in (1, 2)
        for depth in (2, 10)
    ]
    power = {"kind": "power", "table": table, "of": column, "in": "depth"}
    evidence = evidence_of(power, {table: pd.DataFrame(rows)})
    values = {item.facets[table]: value(item) for item in evidence}
    assert values == pytest.approx({"power_1": 1.0, "power_2": 2.0})


def test_measurements_at_one_abscissa_add_no_facet_to_a_line() -> None:
    line = [bytes_of("layers", "backprop", depth, depth=depth, memory="m") for depth in (2, 10)]
    points = [bytes_of("layers", "backprop", 5, backend="torch", memory=name) for name in "mn"]
    power = {"kind": "power", "table": "memory", "of": "temp_bytes", "in": "depth"}
    (evidence,) = evidence_of(power, {"memory": pd.DataFrame([*line, *points])})
    assert "memory" not in evidence.facets


def test_rows_that_nothing_tells_apart_are_refused() -> None:
    row = bytes_of("narrow", "backprop", 20.0)
    value = {"kind": "value", "table": "memory", "of": "temp_bytes"}
    with pytest.raises(UserError, match=r"several rows at framework jax, estimator backprop"):
        evidence_of(value, {"memory": pd.DataFrame([row, row])})
