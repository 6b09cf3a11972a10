"""Python code that runs in a new process, which has imported nothing yet."""

import subprocess
import sys


def printed_lines(*code: str) -> list[str]:
    """Return the lines that lines of code print in a new process.

    Raises:
        subprocess.CalledProcessError: The code fails.
    """
    command = [sys.executable, "-c", "\n".join(code)]
    process = subprocess.run(command, capture_output=True, text=True, check=True)
    return process.stdout.splitlines()
