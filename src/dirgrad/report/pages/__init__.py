"""Pages of the report: tables as HTML and LaTeX, and the front page.

The CSV files remain the source of all numbers.
"""

from jinja2 import Environment, PackageLoader, StrictUndefined

ENVIRONMENT = Environment(
    loader=PackageLoader(__name__),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
"""Jinja environment for the folder `templates`; inserted values are HTML-escaped."""
