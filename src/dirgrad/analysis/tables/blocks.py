"""Blocks of consecutive draws, whose means are the raw values that a table keeps."""

import numpy as np
import pandas as pd

BLOCKS = 10
"""Number of blocks of a row. Means of blocks are few enough for a table and close to normal."""


def block_means(draws: "pd.Series[float]", blocks: int = BLOCKS) -> "pd.Series[float]":
    """Return the means of blocks of consecutive draws; the index holds the numbers of the blocks.

    Two estimators that share their directions share them block by block. Blocks differ in size by
    at most one draw, and fewer draws than blocks give a block each.

    Args:
        draws: One number per draw, in the order of the draws. Nulls are left out of the means, and
            a block of nulls has the mean null.
        blocks: Number of blocks.
    """
    values = draws.to_numpy(float)
    count = min(blocks, len(values))
    if not count:
        return pd.Series(dtype=float)
    # Block b starts at the first draw i with i * count >= b * n.
    starts = -(-np.arange(count) * len(values) // count)
    present = ~np.isnan(values)
    sizes = np.add.reduceat(present.astype(float), starts)
    sums = np.add.reduceat(np.where(present, values, 0.0), starts)
    with np.errstate(invalid="ignore"):
        return pd.Series(sums / sizes)
