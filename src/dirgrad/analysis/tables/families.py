"""Families of trials that differ in one number, such as the dimension of their problem."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import pandas as pd

from dirgrad.analysis.tables.best import ESTIMATOR_KEYS
from dirgrad.analysis.tables.summary import Records
from dirgrad.analysis.tables.targets import trials_to_target
from dirgrad.records.schemas import TrialStatus

ABSCISSAS = ("dimension", "nonzeros", "num_directions", "support")
"""Columns of trials against which efforts are drawn: d, k*, K and s."""
OF_PROBLEM = ("dimension", "nonzeros")
"""Abscissas that are properties of the problem."""
SHARED = ("problem", "backend", "optimizer", "estimator_kind", "direction", "target_loss")
"""Columns in which all trials of every family agree."""
MIN_POINTS = 3
"""Minimum number of different abscissas in a family."""


class Family(NamedTuple):
    """Trials that agree in everything that the records say, except for one number.

    Attributes:
        key: Values of `SHARED`, `estimator` and `ABSCISSAS`. The abscissa itself is null. The
            estimator is null if the abscissa is a property of estimators.
        abscissa: Column of the number that differs.
        trials: Trials at best rates, as `trials_to_target` returns them.
        failed: Abscissas of the experiments that have no rate without a failed trial.
    """

    key: dict[str, Any]
    abscissa: str
    trials: pd.DataFrame
    failed: tuple[float, ...]


def families(records: Records) -> Iterator[Family]:
    """Yield every family that has at least three different abscissas.

    Trials with a target belong to one family per abscissa. In a family by `nonzeros`, `keep` may
    differ too, because it is chosen by the number of nonzeros; in other families it is equal. In a
    family by a property of the problem, the estimator is one of the configuration.
    """
    with_target = records["trials"][records["trials"]["target_loss"].notna()]
    if with_target.empty:
        return
    reached = _without_failures(trials_to_target(records))
    estimators = reached[ESTIMATOR_KEYS].apply(tuple, axis=1) if len(reached) else ()
    measured = set(estimators)
    for abscissa in ABSCISSAS:
        fixed = [*SHARED, *(name for name in ABSCISSAS if name != abscissa)]
        fixed += ["keep"] if abscissa != "nonzeros" else []
        fixed += ["estimator"] if abscissa in OF_PROBLEM else []
        described = with_target[with_target[abscissa].notna()]
        for values, group in described.groupby(fixed, sort=False, dropna=False):
            if group[abscissa].nunique() < MIN_POINTS:
                continue
            points = group[[*ESTIMATOR_KEYS, abscissa]].drop_duplicates()
            is_measured = points[ESTIMATOR_KEYS].apply(tuple, axis=1).isin(measured)
            yield Family(
                key=dict.fromkeys((*ABSCISSAS, "estimator"))
                | dict(zip(fixed, values, strict=True)),
                abscissa=abscissa,
                trials=reached.merge(points.loc[is_measured, ESTIMATOR_KEYS], on=ESTIMATOR_KEYS),
                failed=tuple(sorted(points.loc[~is_measured, abscissa])),
            )


def _without_failures(trials: pd.DataFrame) -> pd.DataFrame:
    """Return the trials of the estimators without a failed trial."""
    if trials.empty:
        return trials
    has_failed = trials["status"] != TrialStatus.OK
    keys = [trials[name] for name in ESTIMATOR_KEYS]
    return trials[~has_failed.groupby(keys).transform("any")]
