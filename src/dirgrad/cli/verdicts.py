"""Commands for verdicts; they read tables, not records."""

import argparse
import json
import sys
from pathlib import Path

from dirgrad.config import validation
from dirgrad.records import files

# Each command imports the analysis only when it runs, because pandas takes half a second.


def claims(args: argparse.Namespace) -> None:
    """Judge the claims of the papers from a directory of tables.

    OUT is a directory; claims.csv and evidence.csv are written to it.
    """
    from dirgrad.analysis import claims_table
    from dirgrad.analysis.claims import load_claims

    config = validation.load(args.config, args.override)
    judged = claims_table.make(
        claims_table.read(Path(args.tables)),
        load_claims(args.claims),
        config.estimators,
        config.statistics.confidence,
        config.tier,
    )
    for name, table in judged._asdict().items():
        files.write_table(table, args.out / f"{name}.csv")


def claim_options(_args: argparse.Namespace) -> None:
    """Print all keys of claims.yaml as Markdown, the content of config/claims.md."""
    from dirgrad.analysis.claims_page import page

    print(page(), end="")


def verify(args: argparse.Namespace) -> None:
    """Compare the verdicts and numbers of a new run with a reference run.

    RUN and REFERENCE are directories of results of the same configuration. The comparison is
    written to OUT/tables/verify.csv and OUT/verify.json; the exit status is 1 if a difference is
    flagged.
    """
    from dirgrad.analysis.claims import load_claims
    from dirgrad.analysis.same_configuration import require_same
    from dirgrad.analysis.tier_results import read
    from dirgrad.analysis.verify import compare, report_text, summary

    config = validation.load(args.config, args.override)
    run, reference = (read(Path(path), config.tier) for path in (args.run, args.reference))
    require_same(run.config, reference.config, Path(args.reference) / "manifest.json")
    comparison = compare(
        run,
        reference,
        load_claims(args.claims),
        config.estimators,
        config.statistics.confidence,
    )
    result = summary(comparison, config.tier)
    text = json.dumps(result, indent=1) + "\n"
    files.write_table(comparison, args.out / "tables" / "verify.csv")
    files.write_atomically(
        args.out / "verify.json", lambda part: part.write_text(text, encoding="utf-8")
    )
    print(report_text(comparison))
    if not result["ok"]:
        sys.exit(1)


def calibration(args: argparse.Namespace) -> None:
    """Print the error rates and the power of the verdicts on simulated trials, as Markdown."""
    from dirgrad.analysis.calibration import page

    print(page(args.repeats), end="")


def readme_table(args: argparse.Namespace) -> None:
    """Print a table of the README from baydin.csv, targets.csv, or claims.csv of several tiers."""
    from dirgrad.report.readme_tables import page

    print(page(args.tables), end="")


def answers(args: argparse.Namespace) -> None:
    """Print the short answer from the claims.csv files of several tiers, as Markdown.

    A claim with a question is answered by the first file that measured it.
    """
    from dirgrad.report.readme_tables import answers_page

    print(answers_page(args.claims), end="")
