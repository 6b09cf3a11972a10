"""Mutated configurations: each must be accepted or refused in sentences with file and key.

`python tests/fuzz_config.py --count 1000 --seed 0` reads, validates and plans mutations of the
tiers, of claims.yaml and of the values on the command line, in one process. It prints how often
each end occurred. The exit status is 1 if a case ended with a traceback, took too long or was
refused unclearly.
`--first N --count 1` repeats case N.
"""

import argparse
import json
import signal
import sys
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import deepcopy
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import yaml

from dirgrad.analysis.claims import load_claims
from dirgrad.cli.main import override
from dirgrad.config import files, outputs, plan, validation
from dirgrad.core.errors import UserError

CONFIG = Path(__file__).parents[1] / "config"
TIERS = ("config", "smoke", "paper", "sequences", "beyond")
LIMIT_SECONDS = 5.0
MAX_LINE = 700
"""Largest number of characters of a message, without the name of the file."""
LAUGHS = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]\n" for i in range(1, 12)
)
VALUES: tuple[Any, ...] = (
    *(None, True, False, 0, 1, -1, 2.5, -0.0, 2**31, 2**53 + 1, 10**30, 10**350),
    *(1e-300, 1e308, float("inf"), float("nan"), "", " ", "x", "null", "1e-3", "on", "010"),
    *(
        "{x}",
        "{",
        "}}",
        "%s",
        "a'b",
        'a"b',
        "a\nb",
        "a\tb",
        "\x07",
        "\u2028",
        "ü",
        "日本",
        "\u202e",
    ),
    *("../x", "; touch x", "$(x)", "~", "a\0b", "a" * 5000, "all", "default", "jax", "mlp", "adam"),
    *([], [[]], [None], [1, "a", None], ["jax", "jax"], ["backprop", "backprop"], [1e-3] * 3),
    *({}, {"kind": "mlp"}, {"kind": None}, {"kind": ["mlp"]}, {"kind": "x"}, {"": 1}, {"x": {}}),
    *({"lowest": 1e-300, "highest": 1e300}, {"lowest": 0.1, "highest": 1.0, "per_decade": 10**9}),
)
SNIPPETS = (
    *(
        "{",
        "}",
        "[",
        "]",
        ":",
        ",",
        "&a ",
        "*a",
        "!x ",
        "|",
        ">",
        "'",
        '"',
        "%",
        "@",
        "`",
        "\t",
        "#",
    ),
    *("- ", "? ", "<<: 3", "!!python/object/apply:os.system [ls]", "!!binary ", "!!set ", "!!int "),
    *(
        "\n---\n",
        "\n...\n",
        "\\ud800",
        "&a [*a]",
        "x: &x {y: *x}\n",
        "2020-01-01: 1\n",
        "? [a]\n: 1\n",
    ),
    *(
        "[" * 3000,
        '{"a":' * 300,
        "1" * 5001,
        "\x00",
        "\x85",
        "\ufeff",
        "🙂",
        "\r",
        "null: 1\n",
        LAUGHS,
    ),
)
ENCODINGS: tuple[Callable[[str], bytes], ...] = (
    lambda text: text.encode("utf-16"),
    lambda text: text.encode("latin-1", "replace") + b"\xe9",
    lambda text: b"\xef\xbb\xbf" + text.encode(),
    lambda text: text.encode()[:50] + b"\xff\xfe" + text.encode()[50:],
    lambda text: text.replace("\n", "\r\n").encode(),
    lambda text: b"",
    lambda text: b"# nothing\n",
    lambda text: f"{text}\n---\n{text}".encode(),
)


class Outcome(NamedTuple):
    """The end of one case.

    Attributes:
        kind: accepted, refused, unclear, traceback or hang.
        text: The message, or the traceback.
    """

    kind: str
    text: str


class _TooLongError(BaseException):
    """A case takes longer than its limit."""


# Mutations


def _places(content: Any) -> Iterator[tuple[Any, Any]]:
    """Yield every mapping or list with each of its keys or indices."""
    pairs = content.items() if isinstance(content, dict) else enumerate(content)
    for key, value in [*pairs]:
        yield content, key
        if isinstance(value, dict | list):
            yield from _places(value)


def _mutated(content: Any, rng: Random) -> Any:
    """Return a copy with one change: a value, a key or an item is replaced, removed or added."""
    content = deepcopy(content)
    places = [*_places(content)]
    parent, key = rng.choice(places)
    action = rng.choice(["replace", "replace", "swap", "delete", "rename", "add"])
    if action == "swap":
        other, other_key = rng.choice(places)
        parent[key] = deepcopy(other[other_key])
    elif action == "delete":
        del parent[key]
    elif action == "rename" and isinstance(parent, dict):
        parent[rng.choice([f"{key}x", "", "Ä b", "null", "kind", "a" * 300, "{x}"])] = parent.pop(
            key
        )
    elif action == "add" and isinstance(parent, list):
        parent.append(deepcopy(rng.choice([parent[key], *VALUES])))
    else:
        parent[key] = deepcopy(rng.choice(VALUES))
    return content


def _dumped(content: Any, rng: Random) -> bytes:
    text = json.dumps(content) if rng.random() < 0.3 else yaml.safe_dump(content, sort_keys=False)
    return text.encode()


def _mutated_text(text: str, rng: Random) -> bytes:
    """Return a text with lines removed, repeated, moved or indented, or with something inserted."""
    lines = text.splitlines(keepends=True)
    i, j = rng.randrange(len(lines)), rng.randrange(len(lines))
    action = rng.choice(["delete", "repeat", "move", "indent", "cut", "insert", "insert", "encode"])
    if action == "encode":
        return rng.choice(ENCODINGS)(text)
    if action == "delete":
        del lines[i]
    elif action == "repeat":
        lines.insert(j, lines[i])
    elif action == "move":
        lines[i], lines[j] = lines[j], lines[i]
    elif action == "indent":
        lines[i] = rng.choice([" ", "  ", "\t"]) + lines[i]
    elif action == "cut":
        lines[i:] = [lines[i][: rng.randrange(len(lines[i]) + 1)]]
    else:
        column = rng.randrange(len(lines[i]) + 1)
        lines[i] = lines[i][:column] + rng.choice(SNIPPETS) + lines[i][column:]
    return "".join(lines).encode()


def _with_texts(content: Any) -> Any:
    """Return values with a text for every leaf, as Snakemake passes them from `--config`."""
    if isinstance(content, dict):
        return {key: _with_texts(value) for key, value in content.items()}
    if isinstance(content, list):
        return [_with_texts(value) for value in content]
    return content if isinstance(content, str) else str(content)


# Cases


def _plan(paths: list[Path], values: dict[str, Any] | None = None) -> None:
    """Read, validate and plan, as a command and the workflow do."""
    config = validation.load(paths, values)
    for job in plan.jobs(config).values():
        json.dumps(plan.plain_settings(job))
    outputs.tables(config)
    outputs.report_figures(config)


def _mutated_file(name: str, folder: Path, rng: Random) -> Path:
    original = CONFIG / f"{name}.yaml"
    path = folder / original.name
    if rng.random() < 0.5:
        path.write_bytes(_dumped(_mutated(CONTENTS[name], rng), rng))
    else:
        path.write_bytes(_mutated_text(original.read_text(encoding="utf-8"), rng))
    return path


def _run_case(folder: Path, rng: Random) -> None:
    """Run one random case. Its error is raised."""
    base = CONFIG / "config.yaml"
    target = rng.choice(["tier", "tier", "tier", "claims", "command line"])
    if target == "claims":
        load_claims(_mutated_file("claims", folder, rng))
    elif target == "tier":
        path = _mutated_file(rng.choice(TIERS), folder, rng)
        _plan([path] if path.name == base.name else [base, path])
    else:
        content = CONTENTS[rng.choice(TIERS)]
        section = rng.choice([*content])
        values = _mutated({section: content[section]}, rng)
        text = json.dumps(_with_texts(values) if rng.random() < 0.5 else values)
        text = _mutated_text(text, rng).decode("utf-8", "replace") if rng.random() < 0.3 else text
        _plan([base], override(text))


CONTENTS = {name: files.read(CONFIG / f"{name}.yaml") for name in (*TIERS, "claims")}


@contextmanager
def _time_limit(seconds: float) -> Iterator[None]:
    def stop(*_: Any) -> None:
        raise _TooLongError

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _is_clear(message: str, folder: Path) -> bool:
    """Return whether every line of a message names a file, or the command line, and a mistake."""
    lines = message.splitlines()
    places = (f"{folder}/", f"{CONFIG}/", f"{files.COMMAND_LINE}: ", "--override: ")
    return bool(lines) and all(
        line.startswith(places)
        and line.isprintable()
        and len(line.replace(str(folder), "")) <= MAX_LINE
        and line.count(": ") >= 1
        for line in lines
    )


def outcome(index: int, seed: int, folder: Path) -> Outcome:
    """Run one case and return its end."""
    try:
        with _time_limit(LIMIT_SECONDS):
            _run_case(folder, Random(f"{seed}/{index}"))
    except UserError as error:
        return Outcome("refused" if _is_clear(str(error), folder) else "unclear", str(error))
    except _TooLongError:
        return Outcome("hang", traceback.format_exc())
    except Exception:
        return Outcome("traceback", traceback.format_exc())
    return Outcome("accepted", "")


def outcomes(first: int, count: int, seed: int) -> dict[int, Outcome]:
    """Run several cases and return their ends by number."""
    with TemporaryDirectory() as folder:
        return {i: outcome(i, seed, Path(folder)) for i in range(first, first + count)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=1000, help="number of cases")
    parser.add_argument("--first", type=int, default=0, help="number of the first case")
    parser.add_argument("--seed", type=int, default=0, help="seed of the mutations")
    args = parser.parse_args()
    ends = outcomes(args.first, args.count, args.seed)
    bad = {i: end for i, end in ends.items() if end.kind in ("unclear", "traceback", "hang")}
    shown = bad if args.count > 1 else ends
    for i, end in shown.items():
        print(f"case {i}: {end.kind}\n{end.text}\n")
    counts = Counter(end.kind for end in ends.values())
    kinds = ("accepted", "refused", "unclear", "traceback", "hang")
    print(f"{args.count} cases, seed {args.seed}:", *(f"{counts[kind]} {kind}" for kind in kinds))
    sys.exit(bool(bad))


if __name__ == "__main__":
    main()
