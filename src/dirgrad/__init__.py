"""Learning without backpropagation, measured.

README.md in this folder describes the architecture.
"""

__version__ = "0.1.0"
