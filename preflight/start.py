"""The entry point. It handles Ctrl-C before the other imports, which take a tenth of a second."""

import sys

from preflight import interrupt


def main() -> int:
    """Run the command line; return the exit status."""
    interrupt.listen()
    from preflight import __main__ as command_line

    try:
        return command_line.main()
    except KeyboardInterrupt:
        print("\nStopped.", file=sys.stderr)
        return command_line.report.STOPPED
