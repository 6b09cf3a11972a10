"""A figure has the same bytes in every environment and with any matplotlib settings."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from dirgrad.report.figures import saving

PROGRAM = """
from pathlib import Path

from dirgrad.report.figures import panels, saving, style

with style.figure_style(0.9):
    figure, ((axes,),) = panels.new_figure(1, 1)
    axes.plot([1, 2], [3, 4], label="a line")
    axes.set(xlabel="x", yscale="log")
    axes.legend()
    saving.save(figure, Path("figure"), saving.Metadata("{}"))
"""
MATPLOTLIBRC = """
text.usetex: True
savefig.bbox: tight
font.family: serif
font.size: 20
axes.facecolor: eeeeee
axes.prop_cycle: cycler('color', ['red'])
axes.formatter.use_locale: True
savefig.format: jpg
figure.autolayout: True
lines.marker: o
svg.fonttype: path
pdf.compression: 0
image.cmap: gray
backend: TkAgg
"""
HOSTILE = {
    "MPLBACKEND": "module://matplotlib_inline.backend_inline",
    "SOURCE_DATE_EPOCH": "yesterday",
}


def draw(directory: Path, variables: dict[str, str]) -> dict[str, bytes]:
    """Draw a figure in a process of its own; return the bytes of its files by suffix."""
    environment = {name: value for name, value in os.environ.items() if name not in HOSTILE}
    process = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        cwd=directory,
        env=environment | variables,
        capture_output=True,
        text=True,
    )
    assert process.returncode == 0, process.stderr
    return {suffix: (directory / f"figure.{suffix}").read_bytes() for suffix in saving.FORMATS}


def test_a_figure_does_not_depend_on_the_environment(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    clean, own = (tmp_path_factory.mktemp(name) for name in ("clean", "own"))
    (own / "matplotlibrc").write_text(MATPLOTLIBRC)
    assert draw(clean, {}) == draw(own, HOSTILE)
