"""A sample of the mutated configurations; `tests/fuzz_config.py` runs more of them."""

from collections import Counter

import fuzz_config


def test_a_mutated_configuration_is_accepted_or_refused_in_sentences_with_file_and_key() -> None:
    ends = fuzz_config.outcomes(first=0, count=40, seed=1)
    bad = {i: end for i, end in ends.items() if end.kind not in ("accepted", "refused")}
    assert not bad
    assert Counter(end.kind for end in ends.values())["refused"] > 10
