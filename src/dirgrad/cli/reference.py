"""Commands that print the reference of the configuration options."""

import argparse
import json


def options(_args: argparse.Namespace) -> None:
    """Print all configuration options as Markdown, the content of config/README.md."""
    from dirgrad.config import options_page

    print(options_page.page(), end="")


def schema(_args: argparse.Namespace) -> None:
    """Print the JSON schema of a configuration: workflow/schemas/config.schema.json."""
    from dirgrad.config import options_page

    print(json.dumps(options_page.schema(), indent=1))
