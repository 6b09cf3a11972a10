"""Entry point of `python -m dirgrad`."""

from dirgrad.cli.main import main

main()
