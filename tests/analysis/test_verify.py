"""A fresh run beside its reference: equal, worse, better, missing, of other versions."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from dirgrad.analysis import claims, verify
from dirgrad.analysis.verify import Comparison, TierResults
from dirgrad.cli import main
from support.judged import MADE, Tables
from support.paths import ROOT

CLAIMS = claims.load(ROOT / "config" / "claims.yaml")
VERSIONS = {"jax": ("1",), "torch": ("2",)}
STEPS, PRODUCTS, FACTORS = (
    MADE[name].tables
    for name in ("steps_over_backprop", "products_over_backprop", "seconds_forward_over_backprop")
)


def run(*tables: Tables, versions: dict[str, tuple[str, ...]] = VERSIONS) -> TierResults:
    return TierResults(
        {name: table for one in tables for name, table in one.items()}, "test", versions
    )


def compared(fresh: TierResults, reference: TierResults) -> pd.DataFrame:
    return verify.compare(fresh, reference, CLAIMS, 0.95)


def number(found: pd.DataFrame, name: str) -> pd.Series:
    (row,) = [row for _, row in found.iterrows() if row["kind"] == "number" and row["id"] == name]
    return row


def verdict(found: pd.DataFrame, name: str) -> str:
    (row,) = [row for _, row in found.iterrows() if row["kind"] == "verdict" and row["id"] == name]
    return str(row["state"])


def test_a_run_beside_itself_is_the_same() -> None:
    one = run(STEPS(2.0, 0.05, 10), PRODUCTS(1.0, 0.0, 1))
    found = compared(one, one)
    assert set(found["state"]) == {Comparison.SAME}
    assert verify.summary(found, "test")["ok"]


@pytest.mark.parametrize(
    ("value", "state"), [(2.1, Comparison.SAME), (1.3, Comparison.WORSE), (4.0, Comparison.BETTER)]
)
def test_a_number_beyond_the_noise_of_both_runs_is_flagged_in_either_direction(
    value: float, state: Comparison
) -> None:
    """The claim is that a forward gradient needs more steps: more of them are better for it."""
    found = compared(run(STEPS(value, 0.05, 10)), run(STEPS(2.0, 0.05, 10)))
    row = number(found, "more_steps_than_backprop")
    assert row["state"] == state
    assert (row["lowest"] <= value <= row["highest"]) is (state is Comparison.SAME)
    assert verify.summary(found, "test")["ok"] is (state is Comparison.SAME)


def test_the_allowed_interval_is_that_of_a_difference() -> None:
    """Of two numbers among those compared: the claim's, and the README's own column with the same value."""
    tables = STEPS(2.0, 0.05, 10)
    row = number(compared(run(tables), run(tables)), "more_steps_than_backprop")
    from scipy import stats

    error = 0.05 / stats.norm.ppf(0.975) * np.sqrt(6 / 5) * np.sqrt(2)
    reach = stats.t.ppf(1 - 0.05 / 2 / 2, 5) * error
    assert np.log(row["highest"] / 2.0) == pytest.approx(reach)
    assert np.log(2.0 / row["lowest"]) == pytest.approx(reach)


def test_a_ratio_of_times_may_besides_be_twice_as_large() -> None:
    reference = run(FACTORS(1.0, 0.01, 10))
    states = {
        value: number(compared(run(FACTORS(value, 0.01, 10)), reference), "seconds_at_equal_rate")[
            "state"
        ]
        for value in (1.9, 2.5)
    }
    assert states == {1.9: Comparison.SAME, 2.5: Comparison.WORSE}


@pytest.mark.parametrize(
    ("versions", "state"),
    [(VERSIONS, Comparison.WORSE), (VERSIONS | {"jax": ("3",)}, Comparison.OTHER_VERSIONS)],
)
def test_counts_are_equal_where_versions_are(
    versions: dict[str, tuple[str, ...]], state: Comparison
) -> None:
    found = compared(run(PRODUCTS(1.005, 0.0, 1), versions=versions), run(PRODUCTS(1.0, 0.0, 1)))
    assert number(found, "one_push_multiplies_as_one_pull")["state"] == state


def test_a_verdict_that_changed_is_flagged() -> None:
    found = compared(run(STEPS(0.5, 0.01, 10)), run(STEPS(2.0, 0.01, 10)))
    assert verdict(found, "more_steps_than_backprop") == Comparison.CHANGED


def test_what_the_fresh_run_lacks_is_flagged_and_what_it_has_besides_is_not() -> None:
    both, one = run(STEPS(2.0, 0.05, 10), PRODUCTS(1.0, 0.0, 1)), run(STEPS(2.0, 0.05, 10))
    lacking = compared(one, both)
    assert number(lacking, "one_push_multiplies_as_one_pull")["state"] == Comparison.MISSING
    assert verdict(lacking, "one_push_multiplies_as_one_pull") == Comparison.MISSING
    besides = compared(both, one)
    assert number(besides, "one_push_multiplies_as_one_pull")["state"] == Comparison.NEW
    assert verify.summary(besides, "test")["ok"]


@pytest.mark.parametrize(("reached", "state"), [(0, Comparison.SAME), (10, Comparison.CHANGED)])
def test_a_target_not_reached_stays_so(reached: int, state: Comparison) -> None:
    names = ["steps_over_backprop", "steps_over_backprop_low", "steps_over_backprop_high"]
    never = STEPS(2.0, 0.05, 10)["targets"].assign(n_reached=0, **dict.fromkeys(names, np.nan))
    fresh = {"targets": never} if not reached else STEPS(2.0, 0.05, 10)
    found = compared(run(fresh), run({"targets": never}))
    states = {number(found, "more_steps_than_backprop")["state"]}
    assert (
        states == {state}
        if state is Comparison.SAME
        else states <= {Comparison.WORSE, Comparison.BETTER}
    )


@pytest.fixture
def written(tmp_path: Path) -> Callable[[str, float], str]:
    """Writes a run whose steps to the target are these over backprop's, and tells where."""

    def write(name: str, value: float) -> str:
        (tmp_path / name / "tables").mkdir(parents=True)
        STEPS(value, 0.05, 10)["targets"].to_csv(
            tmp_path / name / "tables" / "targets.csv", index=False
        )
        (tmp_path / name / "manifest.json").write_text(
            json.dumps({"tier": "default", "jax": ["1"]})
        )
        return str(tmp_path / name)

    return write


GIVEN = [
    "--config",
    str(ROOT / "config/config.yaml"),
    "--claims",
    str(ROOT / "config/claims.yaml"),
    "--out",
]


def test_the_command_leaves_a_table_and_json_and_ends_well(
    written: Callable[[str, float], str], tmp_path: Path
) -> None:
    fresh = written("fresh", 2.0)
    main.main(["verify", fresh, written("reference", 2.02), *GIVEN, fresh])
    assert set(pd.read_csv(tmp_path / "fresh" / "tables" / "verify.csv")["state"]) == {"same"}
    assert json.loads((tmp_path / "fresh" / "verify.json").read_text())["ok"]


def test_the_command_ends_with_1_and_says_what_is_flagged(
    written: Callable[[str, float], str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fresh = written("fresh", 1.1)
    with pytest.raises(SystemExit) as error:
        main.main(["verify", fresh, written("reference", 2.0), *GIVEN, fresh])
    assert error.value.code == 1
    assert "worse: number more_steps_than_backprop" in capsys.readouterr().out
    told = json.loads((tmp_path / "fresh" / "verify.json").read_text())
    assert not told["ok"]
    assert "more_steps_than_backprop" in {row["id"] for row in told["flagged"]}


def test_without_a_fresh_run_it_says_so_in_one_sentence(
    written: Callable[[str, float], str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as error:
        main.main(
            ["verify", str(tmp_path / "none"), written("reference", 2.0), *GIVEN, str(tmp_path)]
        )
    assert error.value.code == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "no run here: `snakemake --config tier=default` makes results/default" in line


def test_a_run_of_another_tier_is_refused(
    written: Callable[[str, float], str], capsys: pytest.CaptureFixture[str]
) -> None:
    fresh = written("fresh", 2.0)
    given = [*GIVEN[:1], GIVEN[1], str(ROOT / "config/paper.yaml"), *GIVEN[2:], fresh]
    with pytest.raises(SystemExit) as error:
        main.main(["verify", fresh, written("reference", 2.0), *given])
    assert error.value.code == 2
    assert "is of the tier 'default', not of 'paper'" in capsys.readouterr().err
