"""preflight as a package, and as the one file that every project has."""

from tests.helpers import TEMPLATE
from tools.build_pyz import build

PYZ = TEMPLATE / "preflight.pyz"
COMMAND = "python3 tools/build_pyz.py"


def test_the_file_of_the_template_is_built_from_this_source():
    assert PYZ.read_bytes() == build(), f"preflight.pyz is stale. Run: {COMMAND}"
