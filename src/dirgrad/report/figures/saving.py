"""Draw a figure for one framework only, and save figures with their origin and description."""

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from html import escape
from io import BytesIO
from pathlib import Path
from typing import Any, NamedTuple

from matplotlib.figure import Figure
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from dirgrad.records.files import write_atomically
from dirgrad.report.figures import panels, style

FORMATS = ("svg", "png", "pdf")
REPORT_FORMATS = ("png",)
"""Formats of the figures that only the report shows."""
COLORS = 256
"""Number of colors of a PNG file, which has a palette and is then half as large or less."""


def one_framework(
    draw: Callable[..., Figure],
    tables: style.Tables,
    subjects: Iterable[str],
    backend: str,
) -> Figure:
    """Return a figure that is drawn only from the rows of one framework.

    Args:
        draw: Function that draws the figure.
        tables: Tables of all frameworks; a table without the column `backend` is used as it is.
        subjects: Further arguments of `draw`.
        backend: The framework, `jax` or `torch`.
    """
    has_backend = [name for name, table in tables.items() if "backend" in table]
    selected = {
        name: table[table["backend"] == backend] if name in has_backend else table
        for name, table in tables.items()
    }
    if has_backend and all(selected[name].empty for name in has_backend):
        figure, _ = panels.new_figure(1, 1)
        title = f"{style.BACKENDS[backend]}: n = 0 rows, nothing to show"
        return panels.finish(figure, selected[has_backend[0]], title)
    return draw(selected, *subjects)


class Metadata(NamedTuple):
    """Texts that a file contains next to the picture.

    Attributes:
        origin: Line that says where the data come from.
        title: Title of the figure.
        alt: Description for readers who cannot see the figure.
    """

    origin: str
    title: str = ""
    alt: str = ""


def save(figure: Figure, stem: Path, metadata: Metadata, formats: Sequence[str] = FORMATS) -> None:
    """Save a figure as `stem` plus each suffix; equal figures give equal bytes.

    Args:
        figure: The figure.
        stem: Path without the suffix.
        metadata: Texts of the file. The SVG has the description as `<desc>`.
        formats: Suffixes of the files.
    """
    layout = figure.get_layout_engine()
    if layout is not None:
        # The layout is computed once instead of once per format. A figure with any layout engine,
        # also one that does nothing, would be drawn twice per format.
        layout.execute(figure)
        figure.set_layout_engine(None)
    title = f"{stem.name}: {metadata.title}" if metadata.title else stem.name
    # A date would make the bytes depend on the time of saving.
    by_format: dict[str, dict[str, str | None]] = {
        "svg": {"Title": title, "Description": metadata.origin, "Date": None},
        "png": {"Title": title, "Description": metadata.origin},
        "pdf": {"Title": title, "Subject": metadata.origin, "CreationDate": None},
    }
    for suffix in formats:
        write = partial(figure.savefig, format=suffix, metadata=by_format[suffix])
        if suffix == "svg" and metadata.alt:
            write = partial(_write_described, write, metadata.alt)
        if suffix == "png":
            # The file in between is only read again, so it is compressed little.
            write = partial(_write_with_palette, partial(write, pil_kwargs={"compress_level": 1}))
        write_atomically(stem.with_name(f"{stem.name}.{suffix}"), write)


def _write_described(write: Callable[[Any], None], alt: str, path: Path) -> None:
    """Write an SVG file with a description below its title; matplotlib writes none."""
    buffer = BytesIO()
    write(buffer)
    head, title, body = buffer.getvalue().decode().partition("</title>\n")
    path.write_text(f"{head}{title} <desc>{escape(alt, quote=False)}</desc>\n{body}", "utf-8")


def _write_with_palette(write: Callable[[Any], None], path: Path) -> None:
    """Write a PNG file with a palette, and with the texts of the file that `write` writes."""
    buffer = BytesIO()
    write(buffer)
    texts = PngInfo()
    with Image.open(buffer) as image:
        for name, text in image.info.items():
            if isinstance(name, str) and isinstance(text, str):
                texts.add_text(name, text)
        resolution = image.info["dpi"]
        palette = image.convert("RGB").quantize(
            COLORS, method=Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE
        )
    palette.save(path, "PNG", optimize=True, pnginfo=texts, dpi=resolution)
