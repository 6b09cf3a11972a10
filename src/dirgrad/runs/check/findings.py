"""Findings of a check, as an aligned table and as plain data."""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np
from scipy import stats

ERROR_RATE = 1e-4
"""Probability that a check fails a correct component by chance."""
INTERVALS = 100
"""Largest number of intervals of a check, which share the error rate."""
Z_BOUND = float(stats.norm.isf(ERROR_RATE / (2 * INTERVALS)))
"""Half width of an interval in standard errors."""


class Finding(NamedTuple):
    """One line of a check.

    Attributes:
        quantity: Name of the measured quantity.
        expected: Stated or required value, or a text.
        measured: Measured value, or a text.
        low: Lower end of the interval of the measured value.
        high: Upper end of the interval.
        failure: Sentence that describes the mistake; empty without a mistake.
        decides: Whether the line can fail. Otherwise the value is only printed.
    """

    quantity: str
    expected: float | str | None = None
    measured: float | str | None = None
    low: float | None = None
    high: float | None = None
    failure: str = ""
    decides: bool = True

    @property
    def result(self) -> str:
        """Return `ok`, `failed`, or an empty string for a value that is only printed."""
        if self.failure:
            return "failed"
        return "ok" if self.decides else ""


def interval_of_mean(values: np.ndarray, rounding: float = 1e-9) -> tuple[float, float, float]:
    """Return the mean of values (n,) and the ends of its interval.

    Args:
        values: Independent values.
        rounding: Rounding error of the mean, relative to 1, for values without variance.
    """
    mean = float(values.mean())
    half_width = Z_BOUND * float(values.std()) / len(values) ** 0.5 + rounding
    return mean, mean - half_width, mean + half_width


def failures(findings: Iterable[Finding]) -> tuple[str, ...]:
    """Return the sentences of the findings that failed."""
    return tuple(finding.failure for finding in findings if finding.failure)


def to_text(title: str, findings: Sequence[Finding]) -> str:
    """Return an aligned table whose last line is `passed` or `failed: ...`."""
    header = ("check", "expected", "measured", "interval", "result")
    rows = [header, *map(_cells, findings)]
    widths = [max(len(row[i]) for row in rows) for i in range(len(header))]
    lines = [title]
    for row in rows:
        cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=True)]
        lines.append("  ".join(cells).rstrip())
    sentences = failures(findings)
    lines.append(f"failed: {'; '.join(sentences)}" if sentences else "passed")
    return "\n".join(lines)


def _cells(finding: Finding) -> tuple[str, ...]:
    ends = ""
    if finding.low is not None and finding.high is not None:
        ends = f"[{finding.low:.3g}, {finding.high:.3g}]"
    expected, measured = _cell(finding.expected), _cell(finding.measured)
    return finding.quantity, expected, measured, ends, finding.result


def _cell(value: float | str | None) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else f"{value:.3g}"


def to_data(name: str, kind: str, findings: Sequence[Finding]) -> dict[str, Any]:
    """Return the values of the table as plain data."""
    return {
        "name": name,
        "kind": kind,
        "passed": not failures(findings),
        "error_rate": ERROR_RATE,
        "checks": [_values(finding) for finding in findings],
        "failures": list(failures(findings)),
    }


def _values(finding: Finding) -> dict[str, Any]:
    values = finding._asdict() | {"result": finding.result}
    # JSON has no number for infinity or NaN.
    return {
        name: None if isinstance(value, float) and not np.isfinite(value) else value
        for name, value in values.items()
    }
