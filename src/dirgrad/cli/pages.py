"""Commands for pages and for the origin of files; they read tables and figures, not records."""

import argparse
import json

from dirgrad.records.files import write_atomically


def front_page(args: argparse.Namespace) -> None:
    """Write the front page of a report from a manifest, verdicts and figures in PNG format.

    Without claims.csv among the tables, the page has no verdicts. Without evidence.csv it does not
    list the places of a claim.
    """
    from dirgrad.records import manifest_file
    from dirgrad.records.csv_tables import read_table
    from dirgrad.report.pages import front

    paths = {path.stem: path for path in args.tables}
    claims, evidence = (
        read_table(paths[name]) if name in paths else None for name in ("claims", "evidence")
    )
    page = front.page(manifest_file.read(args.manifest), claims, evidence, args.figures)
    write_atomically(args.out, lambda part: part.write_text(page, encoding="utf-8"))


def explore(args: argparse.Namespace) -> None:
    """Write an interactive page of measurements and claims from the tables of a run.

    Without a manifest, what the tables do not say about the run is unknown. A table that is not
    given, such as curves.csv or claims.csv, is missing from the page.
    """
    from dirgrad.records import manifest_file
    from dirgrad.records.csv_tables import read_table
    from dirgrad.report.pages.explore import libraries, page

    manifest = None if args.manifest is None else manifest_file.read(args.manifest)
    tables = {path.stem: read_table(path) for path in args.tables}
    text = page(manifest, tables, libraries())
    write_atomically(args.out, lambda part: part.write_text(text, encoding="utf-8"))


def render(args: argparse.Namespace) -> None:
    """Write an HTML and a LaTeX version next to each CSV table, with the origin of the run."""
    from dirgrad.records import manifest_file, origin
    from dirgrad.report.pages import table

    manifest = manifest_file.read(args.manifest)
    origin_line = origin.to_line(origin.from_manifest(manifest))
    for path in args.tables:
        table.write(path, origin_line)


def origin(args: argparse.Namespace) -> None:
    """Print the origin of figures or tables as JSON: run, commit and configuration."""
    from dirgrad.records.origin import read

    for path in args.files:
        print(json.dumps({"file": str(path), **read(path)}, indent=1))
