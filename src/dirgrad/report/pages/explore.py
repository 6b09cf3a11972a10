"""Interactive page of a tier: measurements to choose from, the runs behind them, and the claims."""

import json
import re
from collections.abc import Iterator, Mapping
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import pandas as pd
import yaml

from dirgrad.config.settings import JOB_KINDS
from dirgrad.core.errors import UserError
from dirgrad.records import origin
from dirgrad.records.origin import Origin
from dirgrad.report import layout
from dirgrad.report.pages import ENVIRONMENT, explore_columns, explore_data, front
from dirgrad.report.pages.cells import number, with_interval

UNKNOWN = "unknown"
UNKNOWN_RUN = Origin(UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN, ())
MOST_POINTS = 200
"""Largest number of points of a curve, unless the page becomes too large."""
MOST_BYTES = 6_000_000
"""Largest size of the page in bytes."""
TEMPLATES = Path(__file__).parent / "templates"
Manifest = Mapping[str, Any]


class Place(NamedTuple):
    """A value of a claim at one place, as text.

    Attributes:
        framework: Name of the framework of the place; empty if it has none.
        where: The place.
        value: The value with its interval.
        sample: The size of the sample; empty if the value has none.
        outcome: The outcome at this place.
    """

    framework: str
    where: str
    value: str
    sample: str
    outcome: str


def page(manifest: Manifest | None, tables: explore_data.Tables, libraries: str) -> str:
    """Return the page as HTML that loads no other file, of at most `MOST_BYTES` bytes.

    Args:
        manifest: Manifest of the run; None if it is unknown.
        tables: Rows of tables by name.
        libraries: JavaScript of the libraries that draw the chart.

    Raises:
        UserError: A table lacks a column, or the page is too large with two points per curve.
    """
    most_points = MOST_POINTS
    while most_points >= 2:
        text = _page(manifest, tables, libraries, most_points)
        if len(text.encode()) <= MOST_BYTES:
            return text
        most_points //= 2
    raise UserError(
        f"the page has more than {MOST_BYTES} bytes: give fewer tables, or a tier with fewer jobs"
    )


def libraries() -> str:
    """Return the JavaScript of the libraries that draw the chart.

    Raises:
        UserError: A package is not installed.
    """
    text: str = _charts().libraries()
    return text


def _charts() -> ModuleType:
    """Import the module of the chart, whose packages only this page needs."""
    try:
        return import_module("dirgrad.report.pages.explore_chart")
    except ModuleNotFoundError as error:
        raise UserError(
            f"the interactive page needs the package {error.name}: install dirgrad[workflow]"
        ) from None


def _page(
    manifest: Manifest | None, tables: explore_data.Tables, libraries: str, most_points: int
) -> str:
    tier = _tier(manifest, tables)
    data = _data(manifest, tables, tier, most_points)
    claims = claim_rows(tables)
    facts = origin.from_manifest(manifest) if manifest else UNKNOWN_RUN
    sources = {block["source"] for block in data["blocks"]}
    return ENVIRONMENT.get_template("explore.html").render(
        tier=tier,
        origin=origin.to_line(facts),
        facts=facts,
        style=_template("explore.css"),
        script=_template("explore.js"),
        libraries=libraries.replace("</script", "<\\/script"),
        data=embedded(data),
        has_points=bool(sources),
        has_curves="curves" in sources,
        claims=claims,
        papers=sorted({paper for claim in claims or [] for paper in claim["papers"]}, key=_last),
        verdicts=sorted({claim["verdict"] for claim in claims or []}),
        frameworks=sorted({name for claim in claims or [] for name in claim["frameworks"]}),
        labels=layout.FRAMEWORKS,
        digits=explore_data.DIGITS,
        most_points=most_points,
    )


def _template(name: str) -> str:
    return (TEMPLATES / name).read_text(encoding="utf-8")


def _last(paper: str) -> tuple[bool, str]:
    return paper == front.OTHER_SOURCES, paper


def embedded(data: Any) -> str:
    """Return data as JSON that is safe inside a script element: it has no `<`."""
    text = json.dumps(data, separators=(",", ":"), allow_nan=False)
    return text.replace("<", "\\u003c")


def _tier(manifest: Manifest | None, tables: explore_data.Tables) -> str:
    if manifest:
        return str(manifest["tier"])
    claims = tables.get("claims", pd.DataFrame())
    return str(claims["tier"].iloc[0]) if len(claims) and "tier" in claims else UNKNOWN


def _data(
    manifest: Manifest | None, tables: explore_data.Tables, tier: str, most_points: int
) -> dict[str, Any]:
    """Return everything that the script of the page reads."""
    blocks = explore_data.blocks(tables, most_points)
    subjects = {job for block in blocks for job in block["names"]["job"]}
    estimators = {name for block in blocks for name in block["names"][explore_columns.METHOD]}
    config = manifest["config"] if manifest else {}
    charts = _charts()
    return {
        "tier": tier,
        "interval": _interval(config),
        "frameworks": layout.FRAMEWORKS,
        "columns": {name: column._asdict() for name, column in explore_columns.COLUMNS.items()},
        "blocks": blocks,
        "jobs": dict(_jobs(manifest, tier, subjects)) if manifest else {},
        "settings": dict(_settings(config, subjects)),
        "estimators": {
            name: _yaml(settings)
            for name, settings in config.get("estimators", {}).items()
            if name in estimators
        },
        "charts": charts.specifications(),
        "xTitle": charts.X_TITLE,
        "yTitle": charts.Y_TITLE,
        "selected": charts.SELECTED,
    }


def _interval(config: Mapping[str, Any]) -> str:
    """Return the name of the intervals, as in the titles of the figures."""
    confidence = config.get("statistics", {}).get("confidence")
    return f"{100 * confidence:g} % bootstrap interval" if confidence else "bootstrap interval"


def _jobs(
    manifest: Manifest, tier: str, subjects: set[str]
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the facts about every job that has points, by its path."""
    for path, entry in manifest["jobs"].items():
        subject, _, _ = path.rpartition("/")
        if subject in subjects:
            kind = subject.partition("/")[0]
            records = f"{entry['records']}/{JOB_KINDS[kind].records[0]}.parquet"
            yield (
                path,
                {
                    "run": entry["run_id"],
                    "commit": entry["commit"],
                    "started": entry["started"],
                    "settings": entry["settings_hash"],
                    "workflow": f"snakemake {records} --config tier={tier}",
                    "command": f"dirgrad {entry['command']}",
                },
            )


def _settings(config: Mapping[str, Any], subjects: set[str]) -> Iterator[tuple[str, str]]:
    """Yield the settings of every subject that has points, as YAML."""
    for kind, (section, *_) in JOB_KINDS.items():
        for name, settings in config.get(section, {}).items():
            if f"{kind}/{name}" in subjects:
                yield f"{kind}/{name}", _yaml(settings)


def _yaml(settings: Any) -> str:
    text: str = yaml.safe_dump(settings, sort_keys=False, allow_unicode=True, width=90)
    return text


# Claims


def claim_rows(tables: explore_data.Tables) -> list[dict[str, Any]] | None:
    """Return the claims with their papers, frameworks and places; None without claims.csv.

    Raises:
        UserError: A table lacks a column.
    """
    if "claims" not in tables:
        return None
    claims = tables["claims"]
    front.require(claims, (*front.CLAIM_TEXTS, "measured", "low", "high", "n", "at"))
    places = _places(tables["evidence"]) if "evidence" in tables else {}
    claims = claims.sort_values("measured", key=lambda values: values.isna(), kind="stable")
    measured = _values(claims, "measured")
    return [
        {name: str(row[name]) for name in front.CLAIM_TEXTS}
        | _claim(row, value, places.get(str(row["id"]), []))
        for row, value in zip(claims.to_dict("records"), measured, strict=True)
    ]


def _claim(row: Mapping[Any, Any], value: str, places: list[Place]) -> dict[str, Any]:
    where = "" if pd.isna(row["at"]) else str(row["at"])
    shown = Place(_framework(where), where, value, _sample(row["n"]), str(row["verdict"]))
    all_places = [shown, *places] if where else places
    frameworks = [*dict.fromkeys(place.framework for place in all_places if place.framework)]
    first = {name: next(p for p in all_places if p.framework == name) for name in frameworks}
    return {
        "papers": papers(str(row["source"])),
        "frameworks": frameworks,
        "measured": {"": shown, **first},
        "places": places,
        "counts": f"Places: {row['holds']} hold, {row['fails']} fail, {row['open']} open",
    }


def papers(source: str) -> list[str]:
    """Return the papers that a source names, or a word for other sources."""
    parts = (part.strip() for part in re.split("[,;]", source))
    named = [part for part in parts if not front.NOT_A_PAPER.match(part)]
    return [*dict.fromkeys(named)] or [front.OTHER_SOURCES]


def _places(evidence: pd.DataFrame) -> dict[str, list[Place]]:
    """Return the places of every claim by its id."""
    front.require(evidence, (*front.EVIDENCE_TEXTS, "n"), "evidence.csv")
    places: dict[str, list[Place]] = {}
    rows = evidence.to_dict("records")
    for row, value in zip(rows, _values(evidence, "value"), strict=True):
        where = "" if pd.isna(row["at"]) else str(row["at"])
        place = Place(_framework(where), where, value, _sample(row["n"]), str(row["outcome"]))
        places.setdefault(str(row["id"]), []).append(place)
    return places


def _values(table: pd.DataFrame, column: str) -> list[str]:
    """Return values with their intervals as text; a bound says that it is one."""
    texts = with_interval(table, column, "low", "high")
    flags = [table[name].eq(True) for name in ("at_least", "at_most") if name in table]
    least, most = flags if len(flags) == 2 else [[False] * len(table)] * 2
    return [
        f"{'at least ' if low else 'at most ' if high else ''}{text}" if text else "not measured"
        for text, low, high in zip(texts, least, most, strict=True)
    ]


def _sample(n: Any) -> str:
    return f"n = {number(n)}" if pd.notna(n) and n else ""


def _framework(where: str) -> str:
    """Return the framework that the description of a place names, or an empty string."""
    match = re.search(r"(?:^|, )framework (\S+?)(?:,|$)", where)
    return match[1] if match else ""
