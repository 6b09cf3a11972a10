"""Blocks are consecutive draws of almost equal number, numbered from 0."""

import numpy as np
import pandas as pd

from dirgrad.analysis.tables.blocks import block_means


def test_blocks_are_consecutive_draws_whatever_the_index() -> None:
    draws = pd.Series(range(6), index=[7, 7, 7, 8, 8, 8], dtype=float)
    assert block_means(draws, blocks=3).to_dict() == {0: 0.5, 1: 2.5, 2: 4.5}
    sizes = pd.Series(np.ones(25)).groupby(np.arange(25) * 10 // 25).size()
    assert block_means(pd.Series(np.arange(25.0))).index.to_list() == sizes.index.to_list()


def test_few_draws_are_blocks_of_their_own_and_nulls_are_left_out() -> None:
    assert block_means(pd.Series([3.0, 5.0])).to_dict() == {0: 3.0, 1: 5.0}
    with_nulls = block_means(pd.Series([np.nan, 5.0, np.nan, np.nan]), blocks=2)
    assert with_nulls[0] == 5.0
    assert np.isnan(with_nulls[1])
    assert block_means(pd.Series([], dtype=float)).empty
