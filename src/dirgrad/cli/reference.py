"""The commands that print the options of the configuration."""

import argparse
import json


def options(options: argparse.Namespace) -> None:
    """Print every option of the configuration as Markdown: config/README.md."""
    from dirgrad.config.options_page import page

    print(page(), end="")


def schema(options: argparse.Namespace) -> None:
    """Print the JSON schema of the configuration: workflow/schemas/config.schema.json."""
    from dirgrad.config.options_page import schema

    print(json.dumps(schema(), indent=1))
