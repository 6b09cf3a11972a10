"""Entry point of `python -m dirgrad`."""

import signal

from dirgrad.records import run_processes

# An interrupt ends the process without a traceback, also while it imports. An ignored interrupt, as
# in the background of a script, stays ignored.
if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
    signal.signal(signal.SIGINT, signal.SIG_DFL)
# The import of the commands takes time, in which the run may end.
run_processes.end_with_run()

from dirgrad.cli.main import main  # noqa: E402

if __name__ == "__main__":
    main()
