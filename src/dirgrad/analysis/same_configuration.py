"""Check that two runs were made for the same configuration."""

from collections.abc import Iterator, Mapping
from typing import Any

from dirgrad.config import plan, validation
from dirgrad.core.errors import UserError

MAX_SHOWN = 3
"""Maximum number of differences that a message names."""
ABSENT = "absent"
WITHOUT_EFFECT = ("run.data_directory",)
"""Keys that change no result."""


def require_same(run: Mapping[str, Any], reference: Mapping[str, Any], file: object) -> None:
    """Compare the configurations that two manifests state.

    Both are completed with the defaults of this version, so that an option that is new in it makes
    no difference as long as it has its default.

    Args:
        run: Configuration of the run.
        reference: Configuration of the reference.
        file: Manifest of the reference, for the message.

    Raises:
        UserError: The configurations differ; the message names the first differences.
    """
    if run == reference:
        return
    differences = list(_differences(_complete(run), _complete(reference)))
    if differences:
        shown = "; ".join(differences[:MAX_SHOWN])
        more = len(differences) - MAX_SHOWN
        rest = f"; and {more} more" if more > 0 else ""
        raise UserError(
            f"{file}: the reference was made for another configuration: {shown}{rest}: "
            "compare with a reference of this configuration"
        )


def _complete(configuration: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a configuration with the defaults of this version, as JSON.

    It has no estimators that no job uses, because these change no result.
    A configuration that this version cannot read is returned as it is.
    """
    try:
        config = validation.check({"manifest.json": configuration})
    except UserError:
        return configuration
    completed: dict[str, Any] = config.model_dump(mode="json")
    used = {name for job in plan.jobs(config).values() for name in job.estimators}
    estimators = {name: completed["estimators"][name] for name in sorted(used)}
    return completed | {"estimators": estimators}


def _differences(run: Any, reference: Any, path: str = "") -> Iterator[str]:
    """Yield a sentence about every key whose value differs."""
    if isinstance(run, Mapping) and isinstance(reference, Mapping):
        for key in dict.fromkeys((*run, *reference)):
            inner = f"{path}.{key}" if path else str(key)
            yield from _differences(run.get(key, ABSENT), reference.get(key, ABSENT), inner)
    elif run != reference and path not in WITHOUT_EFFECT:
        yield f"{path} is {_short(run)} in the run and {_short(reference)} in the reference"


def _short(value: Any) -> str:
    """Return a value as text; a section of the configuration only says that it is there."""
    return "present" if isinstance(value, Mapping) else str(value)
