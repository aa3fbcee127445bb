"""Test that a new environment gets the bytecode of its packages, and never that of others."""

import hashlib
import os
import sys
from importlib.util import cache_from_source

import pytest

from preflight import bytecode, interpreters
from tests.helpers import BARE, run

pytestmark = pytest.mark.fast
PYTHON = interpreters.Python(sys.executable, ".".join(map(str, sys.version_info[:3])))


@pytest.fixture
def install(tmp_path, monkeypatch):
    """Return a function that installs a package with one module into a new environment."""
    monkeypatch.setattr(bytecode, "find_cache", lambda: tmp_path / "cache/bytecode")

    def create(name, source, seconds=1_700_000_000):
        folder = tmp_path / name
        (folder / "shop-1.0.dist-info").mkdir(parents=True)
        (folder / "shop").mkdir()
        module = folder / "shop/prices.py"
        module.write_text(source, encoding="utf-8")
        os.utime(module, (seconds, seconds))
        digest = hashlib.sha256(source.encode()).hexdigest()
        lines = [f"../../bin/{name},sha256=1,1", f"shop/prices.py,sha256={digest},{len(source)}"]
        record = folder / "shop-1.0.dist-info/RECORD"
        record.write_text("\n".join([*lines, "shop-1.0.dist-info/RECORD,,"]), encoding="utf-8")
        return folder

    return create


def show_price(folder):
    """Import the module as a project does, which compiles it if necessary; return its price."""
    environment = BARE | {"PYTHONPATH": str(folder)}
    ended = run(
        [sys.executable, "-c", "from shop import prices; print(prices.PRICE)"], folder, environment
    )
    assert ended.status == 0, ended.output
    return ended.output.strip()


def compiled(folder):
    """Return the path of the module's bytecode."""
    return folder / os.path.relpath(cache_from_source(folder / "shop/prices.py"), folder)


def test_the_next_environment_gets_the_bytecode_of_the_same_package(install):
    first, second = install("first", "PRICE = 1\n"), install("second", "PRICE = 1\n")
    assert show_price(first) == "1"
    bytecode.keep([first, second], PYTHON)
    bytecode.fetch(second, PYTHON)
    assert compiled(second).samefile(compiled(first))
    assert show_price(second) == "1"
    assert compiled(second).samefile(compiled(first))


@pytest.mark.parametrize(
    ("source", "seconds"),
    [("PRICE = 2\n", 1_700_000_000), ("PRICE = 1\n", 1_700_000_001)],
    ids=["content", "time"],
)
def test_a_package_with_another_content_or_time_gets_none(install, source, seconds):
    first, other = install("first", "PRICE = 1\n"), install("other", source, seconds)
    show_price(first)
    bytecode.keep([first], PYTHON)
    bytecode.fetch(other, PYTHON)
    assert not compiled(other).exists()


def test_another_python_gets_none(install):
    first, second = install("first", "PRICE = 1\n"), install("second", "PRICE = 1\n")
    show_price(first)
    bytecode.keep([first], PYTHON)
    bytecode.fetch(second, interpreters.Python(sys.executable, "3.9.1"))
    assert not compiled(second).exists()


def test_a_module_that_is_edited_is_compiled_again_and_only_there(install):
    first, second = install("first", "PRICE = 1\n"), install("second", "PRICE = 1\n")
    show_price(first)
    bytecode.keep([first], PYTHON)
    bytecode.fetch(second, PYTHON)
    (second / "shop/prices.py").write_text("PRICE = 7\n", encoding="utf-8")
    assert (show_price(second), show_price(first)) == ("7", "1")
    third = install("third", "PRICE = 1\n")
    bytecode.fetch(third, PYTHON)
    assert show_price(third) == "1"


def test_without_a_folder_for_the_cache_nothing_is_kept_and_nothing_fails(install, tmp_path):
    (tmp_path / "cache").write_text("", encoding="utf-8")
    first = install("first", "PRICE = 1\n")
    show_price(first)
    bytecode.keep([first], PYTHON)
    bytecode.fetch(first, PYTHON)


def test_what_was_not_used_for_a_month_is_removed(install):
    first, second = install("first", "PRICE = 1\n"), install("second", "PRICE = 2\n")
    show_price(first)
    bytecode.keep([first], PYTHON)
    [kept] = bytecode.find_cache().iterdir()
    os.utime(kept, (1_700_000_000, 1_700_000_000))
    show_price(second)
    bytecode.keep([second], PYTHON)
    assert not kept.exists() and len(list(bytecode.find_cache().iterdir())) == 1
