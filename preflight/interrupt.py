"""Ctrl-C, a closed terminal and a shutdown: noted at any moment, obeyed where nothing breaks.

By itself, Python raises KeyboardInterrupt wherever it is: also in the middle of an import or of the
clean-up, which then ends in a traceback and leaves something running.
"""

import signal
from collections.abc import Callable

# Windows has no SIGHUP, which a terminal sends when it is closed.
SIGNALS = [
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
]

_requested = False
_reading = False


def listen() -> None:
    """Note the signals from now on.

    A signal that the caller has switched off, as nohup does with SIGHUP, stays off.
    """
    for number in SIGNALS:
        if signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, note)


def note(number: int, frame: object) -> None:
    """Remember that a signal has arrived."""
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
    """Return what a function reads; a signal raises KeyboardInterrupt in the middle of it."""
    global _reading
    _reading = True
    try:
        check()
        return source()
    finally:
        _reading = False
