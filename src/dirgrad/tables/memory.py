"""One row per problem, backend and estimator (and `inference`): the memory of one step of SGD."""

import pandas as pd

from dirgrad.settings import Statistics
from dirgrad.tables import Records, scalars

KEYS = [
    *("memory", "problem", "problem_kind", "backend", "estimator", "direction", "dimension", "layers", "batch_size", "precision"),
    *("length", "parameter_bytes", "xla_temp_bytes", "graph_temp_bytes"),
]


def make(records: Records, settings: Statistics) -> pd.DataFrame:
    """Peaks are inter-quartile means with bootstrap intervals over `n` processes; the compiler's bytes are exact."""
    rows = [
        dict(zip(KEYS, key, strict=True))
        | {"n": len(group)}
        | scalars("resident_peak_bytes", group["resident_peak_bytes"].dropna().to_numpy(float), settings)
        for key, group in records["memory"].groupby(KEYS, sort=False, dropna=False)
    ]
    return pd.DataFrame(rows, columns=None if rows else [*KEYS, "n"])
