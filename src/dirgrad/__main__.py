"""Entry point of `python -m dirgrad`."""

import signal

# An interrupt ends the process without a traceback, also while it imports. An ignored interrupt, as
# in the background of a script, stays ignored.
if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
    signal.signal(signal.SIGINT, signal.SIG_DFL)

from dirgrad.cli.main import main

if __name__ == "__main__":
    main()
