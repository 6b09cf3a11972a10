"""Commands that print the reference of the configuration options."""

import argparse
import json


def options(args: argparse.Namespace) -> None:
    """Print all configuration options as Markdown, the content of config/README.md.

    With --config, the page also has the components outside this package that the files name.
    """
    from dirgrad.config import options_page, validation

    if args.config:
        validation.load(args.config, args.override)
    print(options_page.page(), end="")


def schema(_args: argparse.Namespace) -> None:
    """Print the JSON schema of a configuration: workflow/schemas/config.schema.json."""
    from dirgrad.config import options_page

    print(json.dumps(options_page.schema(), indent=1))
