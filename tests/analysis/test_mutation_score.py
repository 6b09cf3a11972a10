"""The committed mutation score covers every module, and every mutant that survived has a reason."""

import tomllib

import pandas as pd

from support.paths import ROOT

REFERENCE = ROOT / "results" / "reference"
SCORES = pd.read_csv(REFERENCE / "mutation.csv")
SURVIVORS = pd.read_csv(REFERENCE / "mutation_survivors.csv", keep_default_na=False)


def test_the_tests_notice_nine_tenths_of_the_mutants_that_are_not_equivalent() -> None:
    settings = tomllib.loads((ROOT / "benchmarks" / "mutation.toml").read_text())
    modules = [name for suite in settings["suite"] for name in suite["modules"]]
    assert sorted(SCORES["module"]) == sorted(modules)
    assert (SCORES["mutants"] == SCORES["killed"] + SCORES["survived"]).all()
    assert (SCORES["killed"] >= 0.9 * (SCORES["mutants"] - SCORES["equivalent"])).all()


def test_every_survivor_is_counted_and_has_a_reason() -> None:
    listed = SURVIVORS["module"].value_counts()
    counted = SCORES.set_index("module")["survived"]
    assert listed.to_dict() == counted[counted > 0].to_dict()
    assert (SURVIVORS["reason"] != "").all()
    is_equivalent = SURVIVORS["reason"].str.startswith("equivalent")
    assert is_equivalent.sum() == SCORES["equivalent"].sum()
