import json
import os
import shlex
import sys
from pathlib import Path

SOURCE = Path(workflow.basedir).parent / "src"
sys.path.insert(0, str(SOURCE))

from dirgrad import config as configuration
from dirgrad import backends, plan
from dirgrad.errors import UserError

# `python` in a rule is the interpreter that runs Snakemake; a conda environment, where one is used, comes before it.
os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
# The package itself is in no conda environment.
os.environ["PYTHONPATH"] = str(SOURCE)


def stop(error):
    """End with one line per mistake, before anything runs and without a traceback."""
    for line in str(error).splitlines():
        print(f"dirgrad: {line}", file=sys.stderr)
    sys.exit(2)


def tier_file(tier):
    """The overlay of a tier, None for the default; ends where there is none of this name."""
    path = Path("config") / f"{tier}.yaml"
    if tier == "default":
        return None
    try:
        configuration.read(path)
    except UserError as error:
        stop(f"config/config.yaml: tier: there is no tier '{tier}': {error}")
    return str(path)


def checked(raw, files):
    """What the command line laid over the files; ends where the configuration is wrong, or a backend is not installed."""
    try:
        layers = configuration.layers(raw, files)
        configuration.check(raw, layers)
        if "conda" not in map(str, workflow.deployment_settings.deployment_method):
            for name in raw["backends"]:
                backends.require(name)
    except UserError as error:
        stop(error)
    return layers[configuration.COMMAND_LINE]


TIER_FILE = tier_file(config["tier"])
