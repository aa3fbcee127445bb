"""Test accounts: attacks, emails, the superuser, the migrations."""

import itertools
import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from preflight.postgres import find_binaries
from tests.helpers import production, python_of, run
from tests.preflight.postgres import postgres
from tests.project.live import SUPERUSER, installed, running
from tests.project.visitor import Visitor

PASSWORD = "correct horse battery"
NUMBERS = itertools.count(1)
LOG_IN = {
    "django": {"action": "/login/", "name": "username", "reset": "/accounts/password-reset/"},
    "allauth": {"action": "/login/", "name": "login", "reset": "/accounts/password/reset/"},
}


# One with the newer Django and one with the older, because they have different email settings.
@pytest.fixture(
    scope="module",
    params=[
        pytest.param(("django", "6.1"), marks=pytest.mark.xdist_group("accounts-django")),
        pytest.param(("allauth", "5.2"), marks=pytest.mark.xdist_group("accounts-allauth")),
    ],
    ids=str,
)
def variant(request, tmp_path_factory):
    """Return the kind of accounts, and an installed project."""
    accounts, django_version = request.param
    folder = tmp_path_factory.mktemp(accounts)
    return accounts, installed(folder, accounts=accounts, django_version=django_version)


@pytest.fixture(scope="module")
def site(variant):
    """Return a site with four processes, which only share the database, as dynos do."""
    with running(variant[1], processes=4) as site:
        yield site


@pytest.fixture
def person(site):
    """Create a user and change the visitor's IP address; return the username and the email."""
    number = next(NUMBERS)
    username, email = f"ada{number}", f"ada{number}@example.com"
    site.python(
        "from accounts.models import User\n"
        f"user = User.objects.create_user('{username}', '{email}', '{PASSWORD}')\n"
        "if hasattr(user, 'emailaddress_set'):\n"
        f"    user.emailaddress_set.create(email='{email}', verified=True, primary=True)"
    )
    site.front.visitor = f"203.0.113.{number}"
    return username, email


def guess(site, accounts, username, password, where="/accounts/login/", **headers):
    """Try to log in as a new visitor, over a new connection; return the response."""
    visitor = Visitor(site)
    visitor.headers.update(headers)
    page = visitor.see(where)
    if "/admin/" in where:
        return visitor.submit(page, "/admin/login/", username=username, password=password)
    form = LOG_IN[accounts]
    return visitor.submit(page, form["action"], **{form["name"]: username, "password": password})


def logs_in(response):
    """Return whether a response logs the visitor in."""
    return response.status_code == 302 and "sessionid" in response.cookies


def test_all_processes_and_the_admin_count_failed_logins_of_a_username_together(
    site, variant, person
):
    accounts, username = variant[0], person[0]
    # Every attempt has another IP address and another spelling of the username.
    both_cases = zip(username, username.upper(), strict=True)
    names = itertools.cycle("".join(letters) for letters in itertools.product(*both_cases))
    for number in range(12):
        name = next(names)
        site.front.visitor = f"198.51.100.{number}"
        where = ("/accounts/login/", "/admin/login/")[number % 2]
        assert not logs_in(guess(site, accounts, name, "wrong", where))
    for where in ("/accounts/login/", "/admin/login/"):
        response = guess(site, accounts, username, PASSWORD, where)
        assert not logs_in(response)
        assert "Too many" in response.text
    # Other usernames are not locked out.
    password = SUPERUSER["DJANGO_SUPERUSER_PASSWORD"]
    assert logs_in(guess(site, accounts, "grace", password))


def test_an_ip_address_is_locked_out_even_if_it_sends_other_addresses(site, variant, person):
    """The router appends the real address to the X-Forwarded-For header that a visitor sends."""
    # The last of 14 begins when at least ten of the others have ended, because four run at a time.
    claims = [{"X-Forwarded-For": f"198.51.100.{number}"} for number in range(14)]
    with ThreadPoolExecutor(4) as pool:
        guesses = [
            pool.submit(guess, site, variant[0], f"unknown{number}", "wrong", **claim)
            for number, claim in enumerate(claims)
        ]
        assert any("Too many" in response.result().text for response in guesses)
    assert not logs_in(guess(site, variant[0], person[0], PASSWORD))


def test_the_admin_lists_failed_logins_and_nothing_that_stays_empty(site, variant, person):
    visitor = Visitor(site)
    page = visitor.see("/admin/login/")
    password = SUPERUSER["DJANGO_SUPERUSER_PASSWORD"]
    visitor.submit(page, "/admin/login/", username="grace", password=password)
    listed = set(re.findall(r'"/admin/(\w+/\w+)/"', visitor.see("/admin/").text))
    assert {"accounts/user", "auth/group"} < listed
    in_axes = {name for name in listed if name.startswith("axes/")}
    assert in_axes == ({"axes/accessattempt"} if variant[0] == "django" else set())


def test_a_few_failed_logins_do_not_lock_a_user_out(site, variant, person):
    accounts = variant[0]
    for _ in range(3):
        assert not logs_in(guess(site, accounts, person[0], "wrong"))
    assert logs_in(guess(site, accounts, person[0].upper(), PASSWORD))


def responses_to(site, path, action, addresses, **more):
    """Return everything by which a stranger could tell the responses to addresses apart."""
    seen = []
    for address in addresses:
        visitor = Visitor(site)
        response = visitor.submit(visitor.see(path), action, email=address, **more)
        page = visitor.follow(response)
        text = page.text.replace(address, "ADDRESS")
        text = re.sub(r'value="\w{64}"', "", text)
        seen.append((response.status_code, page.url, text, sorted(visitor.cookies.keys())))
    return seen


def test_the_password_reset_page_does_not_reveal_who_has_an_account(site, variant, person):
    path = LOG_IN[variant[0]]["reset"]
    known, unknown = responses_to(site, path, "/", [person[1], "stranger@example.com"])
    assert known == unknown
    assert "://localhost" in site.mailbox.link_to(person[1])


def test_signing_up_does_not_reveal_who_has_an_account(site, variant, person):
    if variant[0] == "django":
        pytest.skip("Two accounts can have the same address, so there is nothing to reveal.")
    number = next(NUMBERS)
    free = f"new{number}@example.com"
    seen = [
        responses_to(
            site,
            "/accounts/signup/",
            "/signup/",
            [address],
            username=f"new{number}{kind}",
            password1=PASSWORD,
            password2=PASSWORD,
        )
        for kind, address in (("a", person[1]), ("b", free))
    ]
    assert seen[0] == seen[1]
    # The owner gets an email, and no second account is created.
    assert "already" in site.mailbox.wait_for(person[1])[-1].get_content()
    code = "from accounts.models import User; print(User.objects.filter(email='{}').count())"
    assert site.python(code.format(person[1])).split()[-1] == "1"
    assert site.python(code.format(free)).split()[-1] == "1"


def test_without_email_a_warning_says_so_and_signing_up_still_reveals_nothing(variant):
    accounts, project = variant
    if accounts == "django":
        pytest.skip("Django's own accounts never verify addresses.")
    with running(project, EMAIL_URL="") as site:
        warnings = site.manage("check", "--deploy").output
        assert "(heroku.W001)" in warnings and "(heroku.W021)" in warnings
        seen = [
            responses_to(
                site,
                "/accounts/signup/",
                "/signup/",
                [address],
                username=f"person{number}",
                password1=PASSWORD,
                password2=PASSWORD,
            )
            for number, address in enumerate(["a@example.com", "a@example.com"])
        ]
        assert "/accounts/profile/" in seen[0][0][2]
        assert str(seen[0]).replace("person0", "NAME") == str(seen[1]).replace("person1", "NAME")


def test_a_release_creates_the_superuser_and_later_ones_do_not_change_it(site, variant):
    assert logs_in(
        guess(
            site,
            variant[0],
            SUPERUSER["DJANGO_SUPERUSER_USERNAME"],
            SUPERUSER["DJANGO_SUPERUSER_PASSWORD"],
            "/admin/login/",
        )
    )
    site.python(
        "from accounts.models import User\n"
        "user = User.objects.get(username='grace')\n"
        "user.set_password('another-one-4711')\nuser.save()"
    )
    again = site.manage("ensure_superuser")
    assert again.status == 0 and "The superuser grace already exists." in again.output
    password = SUPERUSER["DJANGO_SUPERUSER_PASSWORD"]
    code = "from accounts.models import User; print(User.objects.get(username='grace')"
    assert site.python(f"{code}.check_password('{password}'))").split()[-1] == "False"
    site.python(
        "from accounts.models import User\n"
        "user = User.objects.get(username='grace')\n"
        f"user.set_password('{password}')\nuser.save()"
    )


def test_the_release_command_can_run_again(site):
    """Heroku runs it after every change of a config var, and after a rollback."""
    release = re.search(r"(?m)^release: (.*)$", (site.project / "Procfile").read_text())[1]
    for command in release.split(" && "):
        ended = site.manage(*command.split()[2:])
        assert ended.status == 0, ended.output
        assert SUPERUSER["DJANGO_SUPERUSER_PASSWORD"] not in ended.output


def test_email_goes_out_through_the_server_in_email_url(site):
    ended = site.manage("sendtestemail", "through@example.com")
    assert ended.status == 0, ended.output
    # The server only accepts messages over TLS and with the password.
    assert site.mailbox.wait_for("through@example.com")[0]["From"] == "site@example.com"


RESET_ON_A_LAPTOP = """
from django.test import Client
client = Client(headers={{"Host": "127.0.0.1:8000"}})
assert client.post("{path}", {{"email": "{email}"}}).status_code == 302
"""


def test_a_password_reset_email_on_the_console_names_the_site_and_has_a_whole_link(
    site, variant, person
):
    own = {name: value for name, value in site.variables.items() if name != "EMAIL_URL"}
    laptop = replace(site, variables=own | {"DEBUG": "true"})
    path = LOG_IN[variant[0]]["reset"]
    text = laptop.python(RESET_ON_A_LAPTOP.format(path=path, email=person[1]))
    [subject] = re.findall(r"(?m)^Subject: (.*)$", text)
    [first] = [line for line in text.splitlines() if line.startswith("You asked")]
    for sentence in (subject, first):
        assert "Harbour Library" in sentence
        assert "127.0.0.1" not in sentence and "localhost" not in sentence
    [link] = re.findall(r"http://127\.0\.0\.1:8000(\S+)", text)
    assert not re.search(r"(?m)=$", text)
    # The whole link is on one line, so it opens the form.
    code = (
        "from django.test import Client\n"
        "client = Client(headers={'Host': '127.0.0.1:8000'})\n"
        f"print('type=\"password\"' in client.get('{link}', follow=True).text)"
    )
    assert laptop.python(code).split()[-1] == "True"


def test_usernames_are_normalized_when_users_sign_up_and_log_in(site, variant, person):
    """Otherwise, two users could have usernames that look the same."""
    visitor = Visitor(site)
    number = next(NUMBERS)
    page = visitor.see("/accounts/signup/")
    [field] = re.findall(r'<input[^>]*name="username"[^>]*>', page.text)
    assert 'autocapitalize="none"' in field and 'autocomplete="username"' in field
    answers = {"password1": PASSWORD, "password2": PASSWORD}
    wide = f"\uff27\uff52\uff41\uff43\uff45{number}"
    new = f"grace{number}@example.com"
    visitor.submit(page, "/signup/", username=wide, email=new, **answers)
    code = "from accounts.models import User; print(*User.objects.values_list('username'))"
    assert f"('Grace{number}',)" in site.python(code)
    # Both spellings of an existing username are taken.
    for spelling in (f"grace{number}", wide):
        taken = Visitor(site)
        page = taken.see("/accounts/signup/")
        response = taken.submit(
            page, "/signup/", username=spelling, email="another@example.com", **answers
        )
        assert response.status_code == 200 and "already exists" in response.text
    wide = person[0].replace("ada", "\uff41\uff44\uff41")
    assert logs_in(guess(site, variant[0], wide, PASSWORD))


# In version 1.0.0, users had a language and a time zone.
MIGRATE = """
import django
django.setup()
from django.core.management import call_command
from django.db import connection

def migrate(*target):
    call_command("migrate", *target, verbosity=0, interactive=False)
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM accounts_user")
        names = [column.name for column in cursor.description]
        return [dict(zip(names, row)) for row in cursor.fetchall()]

assert connection.vendor == "postgresql"
migrate("accounts", "LAST_OF_1_0_0")
with connection.cursor() as cursor:
    cursor.execute(
        "INSERT INTO accounts_user (username, name, email, password, language, time_zone, "
        "is_superuser, is_staff, is_active, date_joined) VALUES ('ada', 'Ada Lovelace', "
        "'ada@example.com', 'hash', 'de', 'Europe/Berlin', false, false, true, now())"
    )
[old] = migrate("accounts", "LAST_OF_1_0_0")
assert (old["language"], old["time_zone"]) == ("de", "Europe/Berlin")
kept = {name: old[name] for name in old if name not in ("language", "time_zone")}
assert migrate() == [kept]
# The values are gone for good, but the columns come back.
[back] = migrate("accounts", "0001")
assert back == kept | {"language": "", "time_zone": ""}
assert migrate() == [kept]
call_command("makemigrations", "--check", verbosity=0)
"""


def test_a_database_of_version_1_0_0_migrates_and_keeps_its_users(variant):
    accounts, project = variant
    last = {"django": "0001_initial", "allauth": "0002_cache_table"}[accounts]
    command = [python_of(project), "-W", "error", "-c", MIGRATE.replace("LAST_OF_1_0_0", last)]
    # Where PostgreSQL is not installed, use the binaries of a wheel.
    with postgres(find_binaries()) as url:
        env = production(DATABASE_URL=url, DJANGO_SETTINGS_MODULE="config.settings")
        ended = run(command, project, env)
    assert ended.status == 0, ended.output
