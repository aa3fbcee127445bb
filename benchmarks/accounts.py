"""Measure whether the time of a response reveals who has an account.

    python3 -m uv run python benchmarks/accounts.py --rounds 40

Asks for a password reset, signs up and fails to log in, alternately with an address or a username
that has an account and with one that has none. Each request has another account and another IP
address, because of the limits. Both kinds of accounts run on gunicorn and PostgreSQL with the
password hashes of production. Prints the medians as a Markdown table.
"""

import argparse
import itertools
import logging
import os
import statistics
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from preflight.postgres import find_binaries  # noqa: E402
from tests.helpers import SHARED  # noqa: E402
from tests.preflight.postgres import postgres  # noqa: E402
from tests.project.live import QUICK_HASHER, installed, running  # noqa: E402
from tests.project.visitor import Visitor  # noqa: E402

PASSWORD = "correct horse battery"
NUMBERS = itertools.count(1)
# The accounts share one hash, because hashing takes long. Prefixes keep the requests apart.
CREATE = """
from django.contrib.auth.hashers import make_password
from accounts.models import User
password = make_password("{password}")
for kind in ("reset", "signup", "login"):
    for number in range({rounds}):
        name = f"{{kind}}-known{{number}}"
        user = User.objects.create(username=name, email=f"{{name}}@example.com", password=password)
        if hasattr(user, "emailaddress_set"):
            user.emailaddress_set.create(email=user.email, verified=True, primary=True)
"""


def form(kind: str, accounts: str, name: str) -> tuple[str, str, dict[str, str]]:
    """Return the path of a form, its action and the answers."""
    email = f"{name}@example.com"
    if kind == "reset":
        path = {"django": "/accounts/password-reset/", "allauth": "/accounts/password/reset/"}
        return path[accounts], "/", {"email": email}
    if kind == "signup":
        answers = {"username": f"new{next(NUMBERS)}", "email": email}
        return "/accounts/signup/", "/", answers | {"password1": PASSWORD, "password2": PASSWORD}
    # allauth accepts a username as well.
    login = {"django": {"username": name}, "allauth": {"login": email}}
    return "/accounts/login/", "/", login[accounts] | {"password": "wrong"}


def measure(site, accounts: str, kind: str, name: str) -> float:
    """Return how many milliseconds the response to a form takes."""
    number = next(NUMBERS)
    site.front.visitor = f"198.18.{number // 250}.{number % 250}"
    path, action, answers = form(kind, accounts, name)
    visitor = Visitor(site)
    return visitor.submit(visitor.see(path), action, **answers).elapsed.total_seconds() * 1000


def main() -> None:
    """Read the options, measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=40, help="requests of each kind (40)")
    rounds = parser.parse_args().rounds
    # The mail server warns about each login.
    logging.getLogger("mail.log").setLevel(logging.ERROR)
    print("| accounts | request | with an account, ms | without, ms | difference, ms |")
    print("| --- | --- | --- | --- | --- |")
    for accounts in ("django", "allauth"):
        with tempfile.TemporaryDirectory() as folder, postgres(find_binaries()) as url:
            os.environ[SHARED] = folder
            project = installed(Path(folder, "project"), accounts=accounts)
            settings = project / "config/settings.py"
            settings.write_text(settings.read_text("utf-8").replace(QUICK_HASHER, ""), "utf-8")
            with running(project, DATABASE_URL=url) as site:
                site.python(CREATE.format(password=PASSWORD, rounds=rounds))
                for kind in ("reset", "signup", "login"):
                    pairs = []
                    for number in range(-2, rounds):
                        # The first two rounds warm up. Each round begins with the other one.
                        names = [f"{kind}-known{max(number, 0)}", f"{kind}-unknown{number}"]
                        order = names if number % 2 else names[::-1]
                        times = {name: measure(site, accounts, kind, name) for name in order}
                        if number >= 0:
                            pairs.append([times[name] for name in names])
                    known, unknown = map(statistics.median, zip(*pairs, strict=True))
                    difference = statistics.median(one - other for one, other in pairs)
                    figures = f"{known:.1f} | {unknown:.1f} | {difference:+.1f}"
                    print(f"| {accounts} | {kind} | {figures} |", flush=True)


if __name__ == "__main__":
    main()
