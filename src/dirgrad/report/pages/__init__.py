"""What readers see of tables: pages in HTML, tables in LaTeX, the front page. The CSV files stay the source."""

from jinja2 import Environment, PackageLoader, StrictUndefined

ENVIRONMENT = Environment(
    loader=PackageLoader(__name__),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
"""The templates, in the folder beside this file; what is put into them is escaped."""
