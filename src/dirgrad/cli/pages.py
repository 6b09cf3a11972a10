"""The commands about pages and origins: they read tables and figures, and no records."""

import argparse
import json
from pathlib import Path
from typing import Any

from dirgrad.core.errors import UserError
from dirgrad.records import origin as origins


def front_page(options: argparse.Namespace) -> None:
    """Make the front page of a report from MANIFEST, from claims.csv if it is among the tables, and from figures as PNG."""
    import pandas as pd

    from dirgrad.records.files import write_atomically
    from dirgrad.report.pages import front as pages

    claims = next((pd.read_csv(path) for path in options.tables if path.stem == "claims"), None)
    made = pages.page(_manifest(options.manifest), claims, options.figures)
    write_atomically(options.out, lambda part: part.write_text(made, encoding="utf-8"))


def render(options: argparse.Namespace) -> None:
    """Write tables, given as CSV, also as HTML and as LaTeX beside them, with the origin that MANIFEST tells."""
    from dirgrad.report.pages import table

    told = origins.line(origins.from_manifest(_manifest(options.manifest)))
    for path in options.tables:
        table.write(path, told)


def origin(options: argparse.Namespace) -> None:
    """Print what figures or tables say of where they come from."""
    for path in options.files:
        print(json.dumps({"file": str(path), **origins.read(path)}, indent=1))


def _manifest(path: Path) -> dict[str, Any]:
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
    except json.JSONDecodeError as error:
        raise UserError(
            f"{path}: line {error.lineno}: no JSON: name the manifest.json of a run"
        ) from None
    if not isinstance(told, dict) or "run_id" not in told:
        raise UserError(
            f"{path}: run_id: missing: make the manifest again with `dirgrad manifest`, or name another run's"
        )
    return told
