"""Table `steps_by_size`: steps to a target against the number of parameters of a network."""

import pandas as pd

from dirgrad.analysis.column_roles import ColumnRoles
from dirgrad.analysis.tables import targets
from dirgrad.analysis.tables.best import ESTIMATOR_KEYS
from dirgrad.analysis.tables.summary import Records
from dirgrad.config.settings import Statistics

RECORDS = ("trials", "curves")
SUBJECTS = ("training/heads_16",)
READABLE = True
CAPTION = """
Steps to a target loss, against the number of parameters of a perceptron with a head behind every
hidden layer. Each estimator is at its own best learning rate on fresh seeds.
"""

PROBLEM = "mlp_with_heads"
EFFORTS = ("steps_to_target", "steps_over_backprop")
OF_TRIALS = (*ESTIMATOR_KEYS, "estimator_kind", "dimension")
COLUMNS = (*OF_TRIALS, "learning_rate", "target_loss", "n", "n_reached")
COLUMN_ROLES = ColumnRoles(
    facets=("backend", "estimator", "dimension"),
    keys=("experiment", "target_loss"),
    plain=COLUMNS,
    sampled=EFFORTS,
    ratios=EFFORTS,
    to_target=EFFORTS,
)


def make(records: Records, settings: Statistics) -> pd.DataFrame:
    """Return the rows of the table `targets` for networks with heads, with their dimension.

    dimension: number of parameters, with the heads.
    """
    trials = records["trials"]
    trials = trials[trials["problem"] == PROBLEM]
    rows = targets.make({**records, "trials": trials}, settings)
    rows = rows.merge(trials[[*OF_TRIALS]].drop_duplicates(), on=[*ESTIMATOR_KEYS])
    return rows.reindex(columns=[*COLUMN_ROLES.file_columns()])
