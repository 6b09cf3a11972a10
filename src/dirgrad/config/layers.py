"""Layers of a configuration: a base, the overlay of its tier, and values of the command line."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, TypeAlias

from dirgrad.config.files import read
from dirgrad.core.errors import UserError, nearest

Layer: TypeAlias = tuple[str, Mapping[str, Any]]
"""Name of the place of some values, such as a file, and the values."""
NOT_TIERS = ("claims", "config", "reproducibility")
"""Files of the configuration folder that are not overlays, without `.yaml`."""


def stack(base: Layer, above: Iterable[Layer], folder: Path) -> dict[str, Mapping[str, Any]]:
    """Return the layers of a configuration by place; later ones override earlier ones.

    The overlay of the tier lies between the base and the layers above it.

    Args:
        base: The lowest layer.
        above: Layers above the overlay, which may choose another tier.
        folder: Folder with the overlays.

    Raises:
        UserError: The tier has no overlay, or the overlay cannot be read.
    """
    layers = [base, *above]
    choices = [(place, content["tier"]) for place, content in layers if "tier" in content]
    if choices:
        path = _overlay(*choices[-1], folder)
        # A complete configuration may itself be the file of its tier.
        if path and str(path) != base[0]:
            layers.insert(1, (str(path), read(path)))
    return dict(layers)


def _overlay(place: str, tier: Any, folder: Path) -> Path | None:
    """Return the overlay of a tier; None for `default`."""
    paths = {path.stem: path for path in folder.glob("*.yaml") if path.stem not in NOT_TIERS}
    if tier == "default":
        return None
    if not isinstance(tier, str) or tier not in paths:
        hint = nearest(str(tier), {"default", *paths})
        raise UserError(f"{place}: tier: {folder}/{tier}.yaml does not exist: {hint}")
    return paths[tier]


def shared(values: Mapping[str, Any], base: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values, at any depth, that the base has too, at the same keys."""
    kept: dict[str, Any] = {}
    for key, value in values.items():
        if key not in base:
            continue
        if isinstance(value, Mapping) and isinstance(base[key], Mapping):
            kept[key] = shared(value, base[key])
        elif value == base[key]:
            kept[key] = value
    return kept
