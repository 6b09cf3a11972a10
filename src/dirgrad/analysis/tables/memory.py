"""One row per problem, backend and estimator (and `inference`): the memory of one step of SGD."""

import pandas as pd

from dirgrad.analysis.tables.summary import Records, scalars
from dirgrad.config.settings import Statistics

KEYS = [
    *(
        "memory",
        "problem",
        "problem_kind",
        "backend",
        "estimator",
        "direction",
        "dimension",
        "depth",
        "length",
        "batch_size",
    ),
    *("precision", "parameter_bytes", "xla_temp_bytes", "graph_temp_bytes", "saved_bytes"),
]


def make(records: Records, settings: Statistics) -> pd.DataFrame:
    """Peaks are inter-quartile means with bootstrap intervals over `n` processes; the other bytes are exact. depth: layers of
    weights; length: of the sequences."""
    rows = [
        dict(zip(KEYS, key, strict=True))
        | {"n": len(group)}
        | scalars(
            "resident_peak_bytes", group["resident_peak_bytes"].dropna().to_numpy(float), settings
        )
        | scalars(
            "device_peak_bytes", group["device_peak_bytes"].dropna().to_numpy(float), settings
        )
        for key, group in records["memory"].groupby(KEYS, sort=False, dropna=False)
    ]
    return pd.DataFrame(rows, columns=None if rows else [*KEYS, "n"])
