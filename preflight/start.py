"""The entry point. It handles Ctrl-C before the other imports, which take 0.1 s."""

import sys

from preflight import interrupt


def main() -> int:
    """Run the command line; return the exit status."""
    interrupt.listen()
    from preflight import __main__ as command_line
    from preflight import report

    try:
        return command_line.main()
    except KeyboardInterrupt:
        print("\nStopped.", file=sys.stderr)
        return report.STOPPED
