"""The commands about verdicts: they read tables, and no records."""

import argparse
import json
import sys
from pathlib import Path

from dirgrad.analysis import claims as claiming
from dirgrad.config import validation
from dirgrad.records import files


def claims(options: argparse.Namespace) -> None:
    """Judge the claims of the papers by the tables in a directory; OUT is a directory, for claims.csv and evidence.csv."""
    from dirgrad.analysis.claims_table import make, read

    raw = validation.load(options.config, options.override)
    confidence = validation.check(raw, {}).statistics.confidence
    judged = make(
        read(Path(options.tables)), claiming.load(options.claims), confidence, raw["tier"]
    )
    for name, table in judged._asdict().items():
        files.write_table(table, options.out / f"{name}.csv")


def verify(options: argparse.Namespace) -> None:
    """Compare a fresh run with its reference, both directories, verdict by verdict and number by number: OUT/tables/verify.csv and
    OUT/verify.json; exit status 1 where something is flagged."""
    from dirgrad.analysis import verify as verifying

    raw = validation.load(options.config, options.override)
    confidence = validation.check(raw, {}).statistics.confidence
    fresh, reference = (
        verifying.read(Path(one), raw["tier"]) for one in (options.run, options.reference)
    )
    found = verifying.compare(fresh, reference, claiming.load(options.claims), confidence)
    told = verifying.summary(found, raw["tier"])
    files.write_table(found, options.out / "tables" / "verify.csv")
    files.write_atomically(
        options.out / "verify.json",
        lambda part: part.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8"),
    )
    print(verifying.sentence(found))
    if not told["ok"]:
        sys.exit(1)


def calibration(options: argparse.Namespace) -> None:
    """Print how often a verdict is wrong where the truth lies at the criterion, and how often an effect is found, as Markdown."""
    from dirgrad.analysis.calibration import page

    print(page(options.repeats), end="")


def readme_table(options: argparse.Namespace) -> None:
    """Print a table of the README: of TABLES/baydin.csv, TABLES/targets.csv, or of the claims.csv of several tiers."""
    from dirgrad.report.readme_tables import page

    print(page(options.tables), end="")
