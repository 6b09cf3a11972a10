"""Facets in words name every facet with its value."""

from dirgrad.analysis.facets import describe


def test_a_description_lists_facets_with_their_values() -> None:
    facets = {"framework": "jax", "rate": 2e-4, "dimension": 10}
    assert describe(facets) == "framework jax, rate 0.0002, dimension 10"
