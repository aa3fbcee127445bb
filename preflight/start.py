"""The entry point. It handles Ctrl-C before the other imports, which take 0.1 s."""

import os
import sys
import zipimport

from preflight import interrupt


class Importer(zipimport.zipimporter):
    """Imports from preflight.pyz and compiles each module once.

    zipimport compiles it twice, because it looks up the file name of the module in the result.
    """

    def get_filename(self, fullname: str) -> str:
        """Return the path of a module."""
        path = os.path.join(self.archive, self.prefix + fullname.rpartition(".")[2])
        return os.path.join(path, "__init__.py") if self.is_package(fullname) else f"{path}.py"


def main() -> int:
    """Run the command line; return the exit status."""
    interrupt.listen()
    sys.path_hooks.insert(0, Importer)
    # Python keeps the importer of each path that it has searched.
    sys.path_importer_cache.clear()
    from preflight import __main__ as command_line
    from preflight import report

    try:
        return command_line.main()
    except KeyboardInterrupt:
        print("\nStopped.", file=sys.stderr)
        return report.STOPPED
