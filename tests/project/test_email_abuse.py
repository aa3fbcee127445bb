"""Test emails: attacks that use them, and mail servers that fail.

Each test does what an attacker or a broken mail server does to a site on gunicorn and PostgreSQL.
"""

import itertools
import json
import re
import signal
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from preflight.postgres import find_binaries
from tests.preflight.postgres import execute, postgres
from tests.project.live import installed, running
from tests.project.visitor import Visitor

PASSWORD = "correct horse battery"
NUMBERS = itertools.count(1)
PATHS = {
    "django": {
        "reset": "/accounts/password-reset/",
        "change_password": "/accounts/password-change/",
        "old_password": "old_password",
        "new_password": "new_password",
        "login": "username",
    },
    "allauth": {
        "reset": "/accounts/password/reset/",
        "change_password": "/accounts/password/change/",
        "old_password": "oldpassword",
        "new_password": "password",
        "login": "login",
    },
}
CREATE = """
from accounts.models import User
for username, email in {people}:
    user = User.objects.create_user(username, email, "{password}")
    if hasattr(user, "emailaddress_set"):
        user.emailaddress_set.create(email=email, verified=True, primary=True)
"""
# Appended to the settings of a project.
PATIENT = """
if "MAILERS" in globals():
    MAILERS["default"]["OPTIONS"]["timeout"] = 300
else:
    EMAIL_TIMEOUT = 300
"""
GENEROUS = 'EMAILS_PER_HOUR = {"email": 1000, "ip_address": 1000}\n'


@pytest.fixture(
    scope="module",
    params=[
        pytest.param(("django", "6.1"), marks=pytest.mark.xdist_group("email-django")),
        pytest.param(
            ("allauth", "5.2"), marks=[pytest.mark.xdist_group("email-allauth"), pytest.mark.long]
        ),
        pytest.param(("django", "5.2"), marks=[pytest.mark.long]),
        pytest.param(("allauth", "6.1"), marks=[pytest.mark.long]),
    ],
    ids=lambda answers: "-".join(answers),
)
def variant(request):
    """Return the kind of accounts and the version of Django."""
    return request.param


@pytest.fixture(scope="module")
def database(variant):
    """Return the URL of a PostgreSQL server for one variant."""
    with postgres(find_binaries()) as url:
        yield url


@pytest.fixture(scope="module")
def site(variant, database, tmp_path_factory):
    """Return a site with four processes, which only share the database, as dynos do."""
    project = generate(tmp_path_factory.mktemp("site"), variant)
    with running(project, processes=4, DATABASE_URL=database) as site:
        yield site


@pytest.fixture
def pages(variant):
    """Return the paths and the names of the fields of a variant."""
    return PATHS[variant[0]]


@pytest.fixture
def person(site):
    """Create a user and change the visitor's IP address; return the username and the email."""
    [person] = create_people(site, 1)
    change_ip_address(site)
    return person


def generate(folder, variant, settings=""):
    """Generate a project with more lines in its settings; return its folder."""
    accounts, django_version = variant
    project = installed(folder, accounts=accounts, django_version=django_version)
    with (project / "config/settings.py").open("a", encoding="utf-8") as file:
        file.write(settings)
    return project


def change_ip_address(site):
    """Give the next visitors of a site a new IP address."""
    number = next(NUMBERS)
    site.front.visitor = f"198.18.{number // 250}.{number % 250}"


def create_people(site, count):
    """Create users whose addresses are confirmed; return their usernames and addresses."""
    numbers = [next(NUMBERS) for _ in range(count)]
    people = [(f"ada{number}", f"ada{number}@example.com") for number in numbers]
    site.python(CREATE.format(people=people, password=PASSWORD))
    return people


def request_reset(site, pages, email):
    """Ask for a password reset as a new visitor; return what the visitor sees."""
    visitor = Visitor(site)
    response = visitor.submit(visitor.see(pages["reset"]), "/", email=email)
    return response.status_code, visitor.follow(response).text


def sign_up(site, username, email, visitor=None):
    """Submit the form to sign up; return the response."""
    visitor = visitor or Visitor(site)
    answers = {"username": username, "email": email}
    answers |= {"password1": PASSWORD, "password2": PASSWORD}
    return visitor.submit(visitor.see("/accounts/signup/"), "/signup/", **answers)


def log_in(site, pages, username, password=PASSWORD):
    """Try to log in as a new visitor; return the visitor and the response."""
    visitor = Visitor(site)
    answers = {pages["login"]: username, "password": password}
    return visitor, visitor.submit(visitor.see("/accounts/login/"), "/login/", **answers)


def count_emails(site, *addresses):
    """Return how many emails have arrived at addresses, after a moment for those on their way."""
    time.sleep(1)
    return sum(message["To"] in addresses for message in site.mailbox.messages)


def in_parallel(function, values):
    """Call a function with each value, 16 at the same time; return the results."""
    with ThreadPoolExecutor(16) as pool:
        return list(pool.map(function, values))


# Limits


def test_parallel_requests_send_at_most_five_emails_to_an_address(site, pages, person):
    spellings = [person[1], person[1].upper(), person[1].title()]
    seen = in_parallel(lambda email: request_reset(site, pages, email), (spellings * 6)[:16])
    # The page does not show that the limit is reached.
    assert {(status, strip_tokens(text)) for status, text in seen} == {
        (302, strip_tokens(seen[0][1]))
    }
    site.mailbox.wait_for(person[1], 5)
    assert count_emails(site, person[1]) == 5


def strip_tokens(text):
    """Return a page without its CSRF tokens, which are random."""
    return re.sub(r'value="\w{64}"', "", text)


def test_parallel_requests_of_a_visitor_send_at_most_twenty_emails(site, pages, person):
    people = create_people(site, 30)
    seen = in_parallel(lambda one: request_reset(site, pages, one[1]), people)
    assert {status for status, _ in seen} == {302}
    assert count_emails(site, *[email for _, email in people]) == 20


def test_all_addresses_of_an_ipv6_network_count_as_one_visitor(site, pages):
    network = f"2001:db8:0:{next(NUMBERS)}"
    people = create_people(site, 22)
    for number, (_, email) in enumerate(people, 1):
        site.front.visitor = f"{network}:{number}::{number}"
        request_reset(site, pages, email)
    assert count_emails(site, *[email for _, email in people]) == 20


@pytest.mark.parametrize(
    "claim", ["unknown", "1.2.3.4:80", "fe80::1%eth0", "::ffff:192.0.2.1", "é"]
)
def test_an_address_that_is_not_valid_breaks_no_page(site, variant, pages, claim):
    """Heroku's router only sends valid ones, but other proxies may not."""
    site.front.visitor = claim
    for path, action, answers in (
        (pages["reset"], "/", {"email": "nobody@example.com"}),
        ("/accounts/login/", "/login/", {pages["login"]: "nobody", "password": "wrong"}),
    ):
        visitor = Visitor(site)
        # allauth refuses visitors without an IP address.
        assert visitor.submit(visitor.see(path), action, **answers).status_code in (200, 302, 403)


def test_many_accounts_with_one_address_do_not_multiply_emails(site, variant, pages, person):
    """The attack on version 1.0.0 was 25 accounts and one reset, which sent 25 emails."""
    address = f"victim{next(NUMBERS)}@example.com"
    for number in range(25):
        if number % 9 == 0:
            # allauth refuses more than 20 accounts a minute from an IP address.
            change_ip_address(site)
        assert sign_up(site, f"mob{next(NUMBERS)}", address).status_code == 302
    before = count_emails(site, address)
    assert before <= 5
    change_ip_address(site)
    request_reset(site, pages, address)
    after = count_emails(site, address)
    assert after - before <= 3 and after <= 5
    if variant[0] == "django":
        # The one email has a link for each account, up to 20, and each link works.
        text = site.mailbox.wait_for(address)[0].get_content()
        links = re.findall(r"https://\S+", text)
        names = re.findall(r"Your username is (\w+)\.", text)
        assert (before, after) == (0, 1)
        assert len(set(links)) == len(set(names)) == 20
        assert 'type="password"' in Visitor(site).see(links[-1]).text


def test_an_hour_later_the_emails_no_longer_count(site, pages, person, database):
    for _ in range(6):
        request_reset(site, pages, person[1])
    assert count_emails(site, person[1]) == 5
    execute(database, "UPDATE accounts_sentemail SET time = time - interval '1 hour'")
    request_reset(site, pages, person[1])
    assert count_emails(site, person[1]) == 6
    # The old rows are gone, and the new ones do not contain the address or the IP address.
    rows = execute(database, "SELECT key FROM accounts_sentemail")
    assert len(rows) == 2
    assert all(re.fullmatch("[0-9a-f]{64}", key) for (key,) in rows)


def test_changing_an_address_again_and_again_sends_at_most_five_emails(
    site, variant, pages, person
):
    visitor, _ = log_in(site, pages, person[0])
    target = f"target{next(NUMBERS)}@example.com"
    for number in range(7):
        for email in (target, f"other{number}@example.com"):
            change_email(visitor, variant[0], email)
    expected = {"django": "has been changed", "allauth": "confirm your email address"}[variant[0]]
    assert expected in site.mailbox.wait_for(target, 5)[-1].get_content()
    assert count_emails(site, target) == 5


def change_email(visitor, accounts, email, password=PASSWORD):
    """Change the address of an account, or ask to; return the last page."""
    if accounts == "django":
        page = visitor.see("/accounts/profile/")
        response = visitor.submit(page, "/", name="", email=email, current_password=password)
        return visitor.follow(response) if response.is_redirect else response
    page = visitor.see("/accounts/email/")
    forms = re.findall(r"(?s)<form[^>]*>(.*?)</form>", page.text.partition("<main")[2])
    answers = {"email": email, "action_add": ""}
    response = visitor.send_form(page, page.url, forms[-1], answers)
    if "reauthenticate" in response.headers.get("Location", ""):
        page = visitor.follow(response)
        if password is None:
            return page
        response = visitor.submit(page, "/", password=password)
    while response.is_redirect:
        response = visitor.follow(response)
    return response


# The mail server


class SilentServer:
    """A mail server that accepts connections and never answers."""

    def __init__(self):
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"smtp://user:password@127.0.0.1:{self.socket.getsockname()[1]}"
        self.connections = []
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        """Keep every connection open until close()."""
        while True:
            try:
                self.connections.append(self.socket.accept()[0])
            except OSError:
                return

    def was_left(self):
        """Return whether a client has given up waiting."""
        for connection in self.connections:
            connection.setblocking(False)
            try:
                connection.recv(1)
                return True
            except BlockingIOError:
                pass
        return False

    def close(self):
        """Close all connections."""
        for one in [self.socket, *self.connections]:
            one.close()


@pytest.fixture
def silent():
    """Return a running SilentServer."""
    server = SilentServer()
    yield server
    server.close()


@pytest.mark.long
def test_a_mail_server_that_hangs_delays_no_page(variant, pages, database, silent, tmp_path):
    project = generate(tmp_path, variant, PATIENT + GENEROUS)
    with running(project, processes=1, DATABASE_URL=database, EMAIL_URL=silent.url) as site:
        people = create_people(site, 60)
        # The process has four threads. All would wait for the mail server.
        seen = in_parallel(lambda one: request_reset(site, pages, one[1]), people)
        assert {status for status, _ in seen} == {302}
        assert Visitor(site).see("/").status_code == 200
        # The first email is still on its way, over the only connection.
        assert len(silent.connections) == 1 and not silent.was_left()
        # 50 more are waiting, and there is no room for the last nine.
        log = site.log.read_text()
        assert log.count("Email not sent, because too many are waiting: ") == 9
        stop(site, lambda: None)
        log = site.log.read_text()
        assert "51 emails were lost when the process exited." in log
    assert "@example.com" not in log and PASSWORD not in log


def stop(site, meanwhile):
    """Stop a site as a dyno stops, and do something while it sends the last emails."""
    site.process.send_signal(signal.SIGTERM)
    deadline = time.monotonic() + 30
    while "Worker exiting" not in site.log.read_text():
        assert time.monotonic() < deadline, site.log.read_text()
        time.sleep(0.01)
    meanwhile()
    site.process.wait(timeout=60)


def test_emails_in_the_queue_are_sent_before_the_process_stops(variant, pages, database, tmp_path):
    with running(generate(tmp_path, variant), processes=1, DATABASE_URL=database) as site:
        people = create_people(site, 3)
        change_ip_address(site)
        site.mailbox.accepts.clear()
        for _, email in people:
            assert request_reset(site, pages, email)[0] == 302
        stop(site, site.mailbox.accepts.set)
        assert [message["To"] for message in site.mailbox.messages] == [one[1] for one in people]
        assert site.process.returncode == 0
        assert "Email not sent" not in site.log.read_text()


def test_signing_up_works_while_the_mail_server_is_down(variant, database, tmp_path):
    with running(generate(tmp_path, variant), processes=1, DATABASE_URL=database) as site:
        site.mailbox.stop()
        # A command shows the error.
        ended = site.manage("sendtestemail", "through@example.com")
        assert ended.status != 0 and "ConnectionRefusedError" in ended.output
        change_ip_address(site)
        number, visitor = next(NUMBERS), Visitor(site)
        email = f"grace{number}@example.com"
        response = sign_up(site, f"grace{number}", email, visitor)
        page = visitor.follow(response)
        assert page.status_code == 200
        if variant[0] == "django":
            # Django's accounts are not confirmed by email.
            assert visitor.is_logged_in()
            return
        assert "Check your email" in page.text and "Send the link again" in page.text
        line = wait_for_line(site, "Email not sent (")
        assert line.endswith(
            "(ConnectionRefusedError): [Harbour Library] Confirm your email address"
        )
        assert email not in site.log.read_text()
        site.mailbox.start()
        again = visitor.follow(visitor.submit(page, "/"))
        assert "Send the link again" in again.text
        visitor.submit(visitor.get(site.mailbox.link_to(email)), "/")
        assert visitor.is_logged_in()


def wait_for_line(site, text):
    """Wait until the log of a site has a text; return its line."""
    deadline = time.monotonic() + 10
    while True:
        found = [line for line in site.log.read_text().splitlines() if text in line]
        if found:
            return found[0]
        assert time.monotonic() < deadline, site.log.read_text()
        time.sleep(0.02)


# Who has an account

# Prints the password hashes, the emails and the queries of a request with each of several answers.
COUNT = """
import json, re
from unittest.mock import patch
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.core.mail import EmailMessage
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

def count(path, data, number):
    visitor = {{"X-Forwarded-For": f"192.0.2.{{number}}", "X-Forwarded-Proto": "https"}}
    client = Client(headers=visitor | {{"Host": "localhost"}})
    client.get(path)
    encode, send = PBKDF2PasswordHasher.encode, EmailMessage.send
    with (
        CaptureQueriesContext(connection) as queries,
        patch.object(PBKDF2PasswordHasher, "encode", autospec=True, side_effect=encode) as hashes,
        patch.object(EmailMessage, "send", autospec=True, side_effect=send) as emails,
    ):
        response = client.post(path, data)
    assert response.status_code == {status}, response.content
    statements = [re.sub(r"'[^']*'|\\d+", "?", query["sql"]) for query in queries]
    counts = {{"hashes": hashes.call_count, "emails": emails.call_count}}
    return counts | {{"queries": statements}}

count("{path}", {warm_up}, 1)
print(json.dumps([count("{path}", data, number) for number, data in enumerate({data}, 2)]))
"""


def count_work(site, path, requests, status=302):
    """Return the password hashes, the emails and the queries of each request but the first."""
    first, *data = requests
    code = COUNT.format(path=path, warm_up=first, data=data, status=status)
    return json.loads(site.python(code).splitlines()[-1])


def test_a_reset_does_the_same_work_for_every_address(site, variant, pages, person):
    [other] = create_people(site, 1)
    unconfirmed = f"unconfirmed{next(NUMBERS)}@example.com"
    site.python(
        "from accounts.models import User\n"
        f"User.objects.create_user('someone{next(NUMBERS)}', '{unconfirmed}', '{PASSWORD}')"
    )
    emails = [other[1], person[1], unconfirmed, f"nobody{next(NUMBERS)}@example.com"]
    if variant[0] == "django":
        shared = f"shared{next(NUMBERS)}@example.com"
        site.python(
            "from accounts.models import User\n"
            "for number in range(3):\n"
            f"    User.objects.create_user(f'{{number}}-of-{shared}', '{shared}', '{PASSWORD}')"
        )
        emails.append(shared)
    work = count_work(site, pages["reset"], [{"email": email} for email in emails])
    assert_same(work)
    # Without an account, Django's accounts prepare an email to nobody.
    assert all((one["hashes"], one["emails"]) == (0, 1) for one in work)
    if variant[0] == "django":
        assert count_emails(site, emails[3]) == 0


def test_signing_up_does_the_same_work_for_every_address(site, variant, pages, person):
    names = [f"new{next(NUMBERS)}" for _ in range(3)]
    emails = [f"{names[0]}@example.com", person[1], f"{names[2]}@example.com"]
    common = {"password1": PASSWORD, "password2": PASSWORD}
    requests = [
        common | {"username": name, "email": email}
        for name, email in zip(names, emails, strict=True)
    ]
    work = count_work(site, "/accounts/signup/", requests)
    assert_same(work)
    assert all((one["hashes"], one["emails"]) == (1, variant[0] == "allauth") for one in work)


@pytest.mark.parametrize("column", ["username", "email"])
def test_a_failed_login_does_the_same_work_for_every_account(site, variant, pages, person, column):
    logins = {
        "username": ["warm-up", person[0], "nobody"],
        "email": ["warm@example.com", person[1], "nobody@example.com"],
    }[column]
    requests = [{pages["login"]: login, "password": "wrong"} for login in logins]
    work = count_work(site, "/accounts/login/", requests, status=200)
    assert len({one["hashes"] for one in work}) == 1 and work[0]["hashes"] > 0


def assert_same(work):
    """Check that all requests caused as many password hashes, emails and queries of each kind."""
    kinds = []
    for one in work:
        # It takes as long to give a savepoint up as to keep it.
        queries = [query.replace("ROLLBACK TO", "RELEASE") for query in one["queries"]]
        kinds.append((one["hashes"], one["emails"], sorted(query.split()[0] for query in queries)))
    assert all(kind == kinds[0] for kind in kinds), json.dumps(work, indent=1)


# A session in the wrong hands


def read_email(site, username):
    """Return the address of a user."""
    code = f"from accounts.models import User; print(User.objects.get(username='{username}').email)"
    return site.python(code).split()[-1]


def test_a_session_is_not_enough_to_change_the_address(site, variant, pages, person):
    visitor, _ = log_in(site, pages, person[0])
    new = f"new{next(NUMBERS)}@example.com"
    for wrong in ({"django": "", "allauth": None}[variant[0]], "wrong"):
        page = change_email(visitor, variant[0], new, wrong)
        assert "password" in page.text
        assert read_email(site, person[0]) == person[1]
    change_email(visitor, variant[0], new)
    if variant[0] == "allauth":
        visitor.submit(visitor.get(site.mailbox.link_to(new)), "/")
    assert read_email(site, person[0]) == new
    # The old address gets an email.
    assert new in site.mailbox.wait_for(person[1])[-1].get_content()


def test_guesses_of_the_current_password_count_as_failed_logins(site, pages, person):
    visitor, _ = log_in(site, pages, person[0])
    new = "another-one-4711"

    def change(current):
        page = visitor.see(pages["change_password"])
        answers = {pages["old_password"]: current}
        answers |= {f"{pages['new_password']}{number}": new for number in (1, 2)}
        return visitor.submit(page, "/", **answers)

    for number in range(10):
        # Each guess comes from another IP address.
        site.front.visitor = f"198.51.100.{number}"
        assert not change("wrong").is_redirect
    # Now the right one is not even looked at, here and on the login page.
    assert "Too many" in change(PASSWORD).text
    site.front.visitor = "198.51.100.200"
    assert "Too many" in log_in(site, pages, person[0])[1].text
    # Nobody changed the password.
    code = f"from accounts.models import User; user = User.objects.get(username='{person[0]}')"
    assert "True" in site.python(f"{code}; print(user.check_password('{PASSWORD}'))")


# The way back in


def test_a_password_reset_ends_a_lockout(site, variant, pages, person):
    for number in range(10):
        site.front.visitor = f"198.51.100.{number}"
        log_in(site, pages, person[0].upper(), "wrong")
    change_ip_address(site)
    _, response = log_in(site, pages, person[0])
    assert "Too many" in response.text
    # The page has a link to the reset.
    assert f'href="{pages["reset"]}"' in response.text
    request_reset(site, pages, person[1])
    visitor = Visitor(site)
    page = visitor.get(site.mailbox.link_to(person[1]))
    new = {f"{pages['new_password']}{number}": "staple-4711" for number in (1, 2)}
    assert visitor.submit(page, "/", **new).is_redirect
    visitor, _ = log_in(site, pages, person[0], "staple-4711")
    assert visitor.is_logged_in()
