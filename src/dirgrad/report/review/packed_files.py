"""Files of a pack: the results of a run, the workflow and the code, under their relative names."""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from dirgrad.config import outputs, plan
from dirgrad.config.declarations import LANDSCAPE
from dirgrad.config.settings import Config
from dirgrad.core.errors import UserError
from dirgrad.report import layout
from dirgrad.report.review.commands import tier_option

CODE = ("workflow", "envs", "profiles", "src/dirgrad")
"""Folders of a checkout that a run needs."""
CODE_FILES = (
    "CITATION.cff",
    "LICENSE",
    "Makefile",
    "README.md",
    "pyproject.toml",
    "requirements.lock",
)
"""Files of a checkout that a run or a reader needs."""
OWN = ("Snakefile", "config")
"""Files and folders that a user may have in a working directory outside the checkout."""
SOURCE_SUFFIXES = frozenset(
    {"", ".cff", ".css", ".html", ".json", ".lock", ".md", ".py", ".rst", ".smk", ".toml", ".yaml"}
)
"""Endings of the files of a checkout that a pack contains."""
MEDIA_TYPES = {
    ".csv": "text/csv",
    ".html": "text/html",
    ".json": "application/json",
    ".md": "text/markdown",
    ".parquet": "application/vnd.apache.parquet",
    ".pdf": "application/pdf",
    ".png": "image/png",
    ".py": "text/x-python",
    ".smk": "text/x-python",
    ".svg": "image/svg+xml",
    ".tex": "application/x-tex",
    ".yaml": "application/yaml",
}
"""Media types by the ending of a file; others are plain text."""


class PackedFile(NamedTuple):
    """A file of a pack.

    Attributes:
        name: Name in the pack, relative and with slashes.
        content: Its bytes.
        kind: `record`, `table`, `figure`, `result`, `workflow`, `config` or `code`.
    """

    name: str
    content: bytes
    kind: str

    @property
    def sha256(self) -> str:
        """Return the hash of the content, as hexadecimal digits."""
        return hashlib.sha256(self.content).hexdigest()

    @property
    def media_type(self) -> str:
        """Return the media type of the file."""
        return MEDIA_TYPES.get(Path(self.name).suffix, "text/plain")


def result_files(config: Config, run: Path, figures: Path) -> list[PackedFile]:
    """Return the records, tables and figures of a run, its manifest and its front page.

    Args:
        config: Configuration of the run.
        run: Directory of its results.
        figures: Directory of its figures.

    Raises:
        UserError: A file is missing; the message says how to make it.
    """
    places = {f"results/{config.tier}": run, f"figures/{config.tier}": figures}
    names = result_names(config)
    landscape = f"{LANDSCAPE}.parquet"
    if (run / "records" / landscape).is_file():
        names |= dict.fromkeys(layout.record_files([landscape], f"results/{config.tier}"), "record")
    return [_read(name, kind, places, config.tier) for name, kind in names.items()]


def result_names(config: Config) -> dict[str, str]:
    """Return the kinds of the files of a run that a pack needs, by their names in the pack."""
    folder = f"results/{config.tier}"
    return {
        **dict.fromkeys(_record_names(config, folder), "record"),
        **dict.fromkeys(_table_names(config, folder), "table"),
        **dict.fromkeys(_figure_names(config, f"figures/{config.tier}"), "figure"),
        **dict.fromkeys((f"{folder}/manifest.json", f"{folder}/front.html"), "result"),
    }


def _record_names(config: Config, folder: str) -> Iterator[str]:
    for paths in plan.record_paths(config).values():
        yield from layout.record_files(paths, folder)


def _table_names(config: Config, folder: str) -> Iterator[str]:
    for name in outputs.tables(config):
        files = layout.table_files(name, folder, outputs.TABLES[name].readable)
        yield from (file.path for file in files)
    yield from (file.path for file in layout.table_files("claims", folder, readable=True))
    yield f"{folder}/tables/evidence.csv"


def _figure_names(config: Config, folder: str) -> Iterator[str]:
    for name, spec in outputs.report_figures(config).items():
        files = layout.figure_files(config, name, spec, folder, has_reference=False)
        yield from (file.path for file in files)


def _read(name: str, kind: str, places: dict[str, Path], tier: str) -> PackedFile:
    """Read a file of the results, whose name begins with the name of its folder."""
    folder = next(folder for folder in places if name.startswith(f"{folder}/"))
    path = places[folder] / name.removeprefix(f"{folder}/")
    if not path.is_file():
        raise UserError(f"{path}: no such file: make it with `snakemake {name}{tier_option(tier)}`")
    return PackedFile(name, path.read_bytes(), kind)


def source_files(checkout: Path, directory: Path) -> list[PackedFile]:
    """Return the workflow, the configuration and the code, as far as they exist.

    Args:
        checkout: Directory of the workflow and the code.
        directory: The working directory. Its configuration and Snakefile replace files of the
            checkout with the same names.

    Raises:
        UserError: The workflow is missing.
    """
    paths = source_paths(checkout, directory)
    files = [PackedFile(name, path.read_bytes(), _kind(name)) for name, path in paths.items()]
    if not any(file.kind == "workflow" for file in files):
        raise UserError(f"{checkout}: this directory has no workflow: name a checkout of dirgrad")
    return files


def source_paths(checkout: Path, directory: Path) -> dict[str, Path]:
    """Return the paths of the files that `source_files` reads, by their names in the pack."""
    wanted = ((checkout, (*OWN, *CODE, *CODE_FILES)), (directory, OWN))
    return {
        path.relative_to(root).as_posix(): path
        for root, names in wanted
        for name in names
        for path in _files(root / name)
    }


def _files(path: Path) -> Iterator[Path]:
    """Yield a file itself, or the source files in a folder and all below it."""
    if path.is_file():
        yield path
    for file in sorted(path.rglob("*")) if path.is_dir() else ():
        parts = file.relative_to(path).parts
        is_hidden = any(part.startswith((".", "__pycache__")) for part in parts)
        if file.is_file() and file.suffix in SOURCE_SUFFIXES and not is_hidden:
            yield file


def _kind(name: str) -> str:
    if name.startswith("workflow/") or name == "Snakefile":
        return "workflow"
    return "config" if name.startswith("config/") else "code"
