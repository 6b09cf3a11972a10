"""Mutation score per module, and the mutants that survived.

    python benchmarks/mutation_score.py results/mutation/mutants.csv --out results/mutation
        --reasons results/reference/mutation_survivors.csv

writes mutation.csv and mutation_survivors.csv and prints both. The score is the share of mutants
that make a test fail or run out of time; a mutant that does not compile does not count. The reason
why a mutant survives is written by hand into the file after `--reasons`. A later call repeats it as
long as the line and its mutation are the same. An equivalent mutant computes the same as the code;
its reason begins with "equivalent". The second score leaves such mutants out.
"""

import argparse
import subprocess
import tomllib
from pathlib import Path

import pandas as pd

from dirgrad.records.files import write_table

SETTINGS = Path(__file__).with_name("mutation.toml")
SURVIVOR = ["file", "text", "mutation"]


def score(mutants: pd.DataFrame, alive: pd.DataFrame, seed: int, commit: str) -> pd.DataFrame:
    """Return one row per module, from one row per mutant and from the survivors."""
    compiled = mutants[mutants["status"] != "incompetent"]
    survived = compiled["status"].eq("survived").groupby(compiled["module"], sort=False)
    table = pd.DataFrame({"mutants": survived.size(), "survived": survived.sum()})
    table.insert(1, "killed", table["mutants"] - table["survived"])
    is_equivalent = alive["reason"].str.startswith("equivalent")
    table["equivalent"] = is_equivalent.groupby(alive["module"]).sum()
    table["equivalent"] = table["equivalent"].fillna(0).astype(int)
    table["score"] = (table["killed"] / table["mutants"]).round(3)
    different = table["mutants"] - table["equivalent"]
    table["score_without_equivalent"] = (table["killed"] / different).round(3)
    return table.assign(seed=seed, commit=commit).reset_index()


def survivors(mutants: pd.DataFrame, reasons: pd.DataFrame) -> pd.DataFrame:
    """Return one row per survivor, with its reason; an empty one if none is written down."""
    table = mutants.loc[mutants["status"] == "survived", ["module", *SURVIVOR]]
    reasons = reasons[[*SURVIVOR, "reason"]].drop_duplicates(SURVIVOR)
    return table.merge(reasons, on=SURVIVOR, how="left").fillna({"reason": ""})


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("mutants", type=Path, help="mutants.csv of `make mutation`")
    parser.add_argument("--out", type=Path, required=True, help="folder of both tables")
    parser.add_argument("--reasons", type=Path, required=True, help="table of known survivors")
    arguments = parser.parse_args()
    mutants = pd.read_csv(arguments.mutants, keep_default_na=False)
    described = ["git", "describe", "--always", "--dirty"]
    commit = subprocess.run(described, check=True, capture_output=True, text=True).stdout.strip()
    seed = tomllib.loads(SETTINGS.read_text())["seed"]
    alive = survivors(mutants, pd.read_csv(arguments.reasons, keep_default_na=False))
    scores = score(mutants, alive, seed, commit)
    write_table(scores, arguments.out / "mutation.csv")
    write_table(alive, arguments.out / "mutation_survivors.csv")
    print(scores.to_string(index=False))
    print(alive.to_string(index=False))


if __name__ == "__main__":
    main()
