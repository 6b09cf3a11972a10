"""Problems, one per file.

A problem is a loss of parameters and a minibatch, written once for both frameworks.
"""
