"""Declarations of the columns of a table, with which claims are checked before any table exists.

Each module of `dirgrad.analysis.tables` whose table a claim may read declares `COLUMN_ROLES`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from functools import cache

from dirgrad.components import registry
from dirgrad.records.schemas import MeasurementStatus, Stage, TrialStatus

TEXTS = (
    "experiment",
    "problem",
    "figure",
    "cost",
    "memory",
    "quality",
    "stability",
    "reason",
    "device",
)
"""Columns of text that a configuration or a machine chooses, so that any text is a valid value."""
FOLDERS = {
    "estimator_kind": "estimators",
    "problem_kind": "problems",
    "optimizer": "optimizers",
}
"""Folders of components by the columns that hold a kind of their components."""
NAMES: Mapping[str, tuple[str, ...]] = {
    "backend": ("jax", "torch"),
    "precision": ("float32", "float64"),
    "dtype": ("float32", "float64"),
    "stage": tuple(Stage),
    "status": tuple(dict.fromkeys([*TrialStatus, *MeasurementStatus])),
}
"""Valid values of columns that have the same meaning in all tables."""


def with_interval(name: str) -> tuple[str, str, str]:
    """Return the names of a column and of the ends of its interval."""
    return name, f"{name}_low", f"{name}_high"


def values_column(name: str) -> str:
    """Return the name of the column that holds the raw values behind a mean."""
    return f"{name}_values"


@dataclass(frozen=True)
class ColumnRoles:
    """Roles of the columns of a table.

    Attributes:
        facets: Columns that say where a value was measured, in the order in which they are shown.
        keys: Further columns that tell rows apart; they are shown only where they are needed.
        plain: All columns without an interval, such as facts, counts, and the facets themselves.
        sampled: Columns of means, which have an interval in NAME_low and NAME_high, and the raw
            values, one per seed, round or block of draws, in NAME_values.
        n: Column of the sample size of these means.
        ratios: The sampled columns that are compared on a logarithmic scale.
        timed: Columns that involve seconds, which differ between machines.
        to_target: Sampled columns of efforts, which lie between two record points. NAME_from and
            NAME_to hold these bounds; the mean is null if they are far apart, or if a trial missed
            its target.
        bounds: Columns of the hard bounds between which the true value of a plain column lies.
        names: Valid values of columns of text that only this table has.
        folders: Folders of components, by the columns that hold a kind of their components.
    """

    facets: tuple[str, ...]
    plain: Sequence[str]
    sampled: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    n: str = "n"
    ratios: tuple[str, ...] = ()
    timed: tuple[str, ...] = ()
    to_target: tuple[str, ...] = ()
    bounds: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    names: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    folders: Mapping[str, str] = field(default_factory=dict)

    @property
    def identity(self) -> tuple[str, ...]:
        """Return the columns that together tell all rows apart."""
        return (*self.facets, *self.keys)

    @property
    def values(self) -> tuple[str, ...]:
        """Return the columns that can be measured quantities, which hold numbers."""
        numbers = [name for name in self.plain if allowed_values(self, name) is None]
        texts = {*TEXTS, "estimator"}
        return (*self.sampled, *(name for name in numbers if name not in texts))

    @property
    def selectable(self) -> tuple[str, ...]:
        """Return the columns by which rows can be selected; estimators are selected by kind."""
        return tuple(name for name in self.plain if name != "estimator")

    def columns_of(self, name: str) -> tuple[str, ...]:
        """Return the columns that are read with the column `name`: its interval, or its bounds."""
        if name in self.sampled:
            return (*with_interval(name), values_column(name), self.n)
        return (name, *self.bounds.get(name, ()))

    def file_columns(self) -> tuple[str, ...]:
        """Return the columns of the CSV file."""
        sampled = [
            column
            for name in self.sampled
            for column in (*with_interval(name), values_column(name))
        ]
        brackets = [f"{name}_{end}" for name in self.to_target for end in ("from", "to")]
        return (*self.plain, *sampled, *brackets)


def allowed_values(roles: ColumnRoles, name: str) -> tuple[str, ...] | None:
    """Return the valid values of a column of names; None if it holds numbers or free text."""
    folders = FOLDERS | dict(roles.folders)
    if name in folders:
        return registry.names(folders[name])
    if name == "direction":
        return laws()
    names = roles.names.get(name, NAMES.get(name))
    return None if names is None else tuple(names)


@cache
def laws() -> tuple[str, ...]:
    """Return the names of all laws of directions, such as `gaussian` and `replayed_gaussian`."""
    names = registry.names("directions")
    classes = {name: registry.load("directions", name) for name in names}
    wrappers = [
        name for name, cls in classes.items() if "direction" in {part.name for part in fields(cls)}
    ]
    wrapped = [f"{outer}_{inner}" for outer in wrappers for inner in names]
    return (*names, *wrapped)
