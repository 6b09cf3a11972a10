"""Command that starts a study in a directory of its own, with the workflow of this package."""

import argparse
from importlib.util import find_spec
from pathlib import Path

import dirgrad
from dirgrad import backends
from dirgrad.core.errors import UserError
from dirgrad.records import atomic

PACKAGE = Path(dirgrad.__file__).parent
STUDY = """\
# A small study to edit. `dirgrad options` prints all options, and config/NAME.yaml may override
# these values: `snakemake --config tier=NAME` reads it.
tier: default
backends: [{backends}]

run: {{threads: 1}}

# Ways to estimate a gradient, by the names that tables and figures show.
estimators:
  backprop: backprop
  forward_gradient: {{kind: forward_gradient, direction: gaussian}}
  forward_gradient_k8: {{kind: forward_gradient, direction: gaussian, num_directions: 8}}

# Every estimator trains at every learning rate, with every seed.
experiments:
  digits:
    problem: &digits {{kind: mlp, dataset: digits, hidden: [32]}}
    optimizer: sgd
    learning_rates: [0.003, 0.03]
    seeds: 5
    steps: 400
    record_every: 20
    estimators: &all [backprop, forward_gradient, forward_gradient_k8]

# The seconds of a step.
cost:
  digits: {{problems: {{digits: *digits}}, estimators: *all}}
"""
SNAKEFILE = """\
from dirgrad.cli.workflow import pipeline_folder


configfile: "config/config.yaml"


module dirgrad:
    snakefile:
        str(pipeline_folder() / "workflow" / "Snakefile")
    config:
        config


use rule * from dirgrad
"""


def workflow(args: argparse.Namespace) -> None:
    """Write a small study to edit, the Snakefile that runs it, and a profile of Snakemake.

    The only ACTION is init. The Snakefile uses the workflow of this package as a module. No file is
    overwritten.
    """
    profile = Path("profiles", "default", "profile.yaml")
    installed = [name for name in backends.NAMES if find_spec(name)]
    texts = {
        Path("config", "config.yaml"): STUDY.format(backends=", ".join(installed or ["jax"])),
        Path("Snakefile"): SNAKEFILE,
        profile: (pipeline_folder() / profile).read_text(encoding="utf-8"),
    }
    existing = [str(path) for path in texts if (args.directory / path).exists()]
    if existing:
        raise UserError(
            f"{args.directory}: {', '.join(existing)} would be overwritten, so nothing was "
            "written: give another directory"
        )
    for path, text in texts.items():
        _write(args.directory / path, text)
    print(f"then, in {args.directory.resolve()}: snakemake -c1")


def _write(path: Path, text: str) -> None:
    atomic.write_atomically(path, lambda part: part.write_text(text, encoding="utf-8"))
    print(f"wrote {path}")


def pipeline_folder() -> Path:
    """Return the folder of the workflow, its environments and its claims.

    It is a folder of the installed package, or the checkout.

    Raises:
        UserError: Neither has a workflow.
    """
    for folder in (PACKAGE / "pipeline", PACKAGE.parents[1]):
        if (folder / "workflow" / "Snakefile").is_file():
            return folder
    raise UserError(f"{PACKAGE} has no workflow: install dirgrad from its wheel or its checkout")
