"""Interrupts of tests and of scripts that start runs."""

import signal


def accept() -> None:
    """Let this process and its children end at an interrupt.

    A script that starts this process in the background lets it ignore interrupts.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
