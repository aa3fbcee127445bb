"""Handle Ctrl-C, a closed terminal and a shutdown: record them, and stop where it is safe.

By default, Python raises KeyboardInterrupt anywhere, even in the middle of an import or of the
cleanup, which then ends in a traceback and leaves processes running.
"""

import signal
from collections.abc import Callable

# A closed terminal sends SIGHUP. Windows does not have it.
SIGNALS = [
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
]

_requested = False
_reading = False


def listen() -> None:
    """Record the signals from now on.

    A signal that the caller ignores, as nohup ignores SIGHUP, is still ignored.
    """
    for number in SIGNALS:
        if signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, note)


def note(number: int, frame: object) -> None:
    """Record that a signal has arrived."""
    global _requested
    _requested = True
    if _reading:
        raise KeyboardInterrupt


def requested() -> bool:
    """Return whether a signal has arrived."""
    return _requested


def check() -> None:
    """Raise KeyboardInterrupt if a signal has arrived."""
    if _requested:
        raise KeyboardInterrupt


def read(source: Callable[[], bytes]) -> bytes:
    """Return what a function reads; a signal interrupts it and raises KeyboardInterrupt."""
    global _reading
    _reading = True
    try:
        check()
        return source()
    finally:
        _reading = False
