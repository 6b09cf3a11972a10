"""dirgrad: learning without backpropagation, measured.

README.md in the folder of this file describes the architecture.
"""

__version__ = "0.1.0"
