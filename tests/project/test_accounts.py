"""Accounts as strangers try them: guessing, asking around; and the mail and superuser behind."""

import itertools
import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from tests.project.live import SUPERUSER, installed, running
from tests.project.visitor import Visitor

PASSWORD = "correct horse battery"
NUMBERS = itertools.count(1)
LOG_IN = {
    "django": {"action": "/login/", "name": "username", "reset": "/accounts/password-reset/"},
    "allauth": {"action": "/login/", "name": "login", "reset": "/accounts/password/reset/"},
}


# The one on the newer Django and the other on the older, which are told of mail in another way.
@pytest.fixture(
    scope="module",
    params=[
        pytest.param(("django", "6.1"), marks=pytest.mark.xdist_group("accounts-django")),
        pytest.param(("allauth", "5.2"), marks=pytest.mark.xdist_group("accounts-allauth")),
    ],
    ids=str,
)
def variant(request, tmp_path_factory):
    """Return the answer about accounts, and an installed project."""
    accounts, django_version = request.param
    folder = tmp_path_factory.mktemp(accounts)
    return accounts, installed(folder, accounts=accounts, django_version=django_version)


@pytest.fixture(scope="module")
def site(variant):
    """Return a site of four processes, which share nothing but the database, as dynos do."""
    with running(variant[1], processes=4) as site:
        yield site


@pytest.fixture
def person(site):
    """Return the username and the address of somebody with an account, and another visitor."""
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
    """Try to log in as a new visitor, over a connection of its own; return the answer."""
    visitor = Visitor(site)
    visitor.headers.update(headers)
    page = visitor.see(where)
    if "/admin/" in where:
        return visitor.submit(page, "/admin/login/", username=username, password=password)
    form = LOG_IN[accounts]
    return visitor.submit(page, form["action"], **{form["name"]: username, "password": password})


def is_let_in(answer):
    """Return whether an answer signs somebody in."""
    return answer.status_code == 302 and "sessionid" in answer.cookies


def test_guesses_at_a_name_are_counted_on_every_process_and_on_the_admin_too(site, variant, person):
    accounts, username = variant[0], person[0]
    # Every guess comes from elsewhere and writes the name in another way.
    both_cases = zip(username, username.upper(), strict=True)
    names = itertools.cycle("".join(letters) for letters in itertools.product(*both_cases))
    for number in range(12):
        name = next(names)
        site.front.visitor = f"198.51.100.{number}"
        where = ("/accounts/login/", "/admin/login/")[number % 2]
        assert not is_let_in(guess(site, accounts, name, "wrong", where))
    for where in ("/accounts/login/", "/admin/login/"):
        answer = guess(site, accounts, username, PASSWORD, where)
        assert not is_let_in(answer)
        assert "Too many" in answer.text
    # Another name is not concerned.
    password = SUPERUSER["DJANGO_SUPERUSER_PASSWORD"]
    assert is_let_in(guess(site, accounts, "grace", password))


def test_one_address_cannot_try_many_names_whatever_it_claims_to_be(site, variant, person):
    """What a visitor sends as X-Forwarded-For stands before what the router appends."""
    claims = [{"X-Forwarded-For": f"198.51.100.{number}"} for number in range(13)]
    with ThreadPoolExecutor(4) as pool:
        guesses = [
            pool.submit(guess, site, variant[0], f"nobody{number}", "wrong", **claim)
            for number, claim in enumerate(claims)
        ]
        assert any("Too many" in answer.result().text for answer in guesses)
    assert not is_let_in(guess(site, variant[0], person[0], PASSWORD))


def test_a_few_slips_keep_nobody_out(site, variant, person):
    accounts = variant[0]
    for _ in range(3):
        assert not is_let_in(guess(site, accounts, person[0], "wrong"))
    assert is_let_in(guess(site, accounts, person[0].upper(), PASSWORD))


def answers_for(site, path, action, addresses, **more):
    """Return what a form answers to each address, as far as a stranger sees a difference."""
    seen = []
    for address in addresses:
        visitor = Visitor(site)
        answer = visitor.submit(visitor.see(path), action, email=address, **more)
        page = visitor.follow(answer)
        text = page.text.replace(address, "ADDRESS")
        text = re.sub(r'value="\w{64}"', "", text)
        seen.append((answer.status_code, page.url, text, sorted(visitor.cookies.keys())))
    return seen


def test_the_reset_page_answers_the_same_for_any_address(site, variant, person):
    path = LOG_IN[variant[0]]["reset"]
    known, unknown = answers_for(site, path, "/", [person[1], "stranger@example.com"])
    assert known == unknown
    assert "://localhost" in site.mailbox.link_to(person[1])


def test_signing_up_with_a_taken_address_looks_like_any_other(site, variant, person):
    if variant[0] == "django":
        pytest.skip("Without proof of addresses, two accounts may claim one: nothing to tell.")
    number = next(NUMBERS)
    free = f"new{number}@example.com"
    seen = [
        answers_for(
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
    # Its owner is told by mail, and the stranger gets no account.
    assert "already" in site.mailbox.wait_for(person[1])[-1].get_content()
    code = "from accounts.models import User; print(User.objects.filter(email='{}').count())"
    assert site.python(code.format(person[1])).split()[-1] == "1"
    assert site.python(code.format(free)).split()[-1] == "1"


def test_without_mail_proof_is_optional_said_so_and_still_nothing_is_told(variant):
    accounts, project = variant
    if accounts == "django":
        pytest.skip("Django's own accounts never ask for proof of an address.")
    with running(project, EMAIL_URL="") as site:
        warned = site.manage("check", "--deploy").output
        assert "(heroku.W001)" in warned and "(heroku.W021) People sign up with any" in warned
        seen = [
            answers_for(
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


def test_a_release_makes_the_superuser_once_and_leaves_it_alone(site, variant):
    assert is_let_in(
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
    assert again.status == 0 and "The superuser grace is there already." in again.output
    password = SUPERUSER["DJANGO_SUPERUSER_PASSWORD"]
    code = "from accounts.models import User; print(User.objects.get(username='grace')"
    assert site.python(f"{code}.check_password('{password}'))").split()[-1] == "False"
    site.python(
        "from accounts.models import User\n"
        "user = User.objects.get(username='grace')\n"
        f"user.set_password('{password}')\nuser.save()"
    )


def test_a_second_release_changes_nothing(site):
    """Heroku runs it on every change of a config var, and on a rollback."""
    release = re.search(r"(?m)^release: (.*)$", (site.project / "Procfile").read_text())[1]
    for command in release.split(" && "):
        ended = site.manage(*command.split()[2:])
        assert ended.status == 0, ended.output
        assert SUPERUSER["DJANGO_SUPERUSER_PASSWORD"] not in ended.output


def test_mail_goes_through_the_server_of_an_add_on(site):
    own = {name: value for name, value in site.variables.items() if name != "EMAIL_URL"}
    mailgun = {
        "MAILGUN_SMTP_SERVER": "localhost",
        "MAILGUN_SMTP_PORT": str(site.mailbox.controller.port),
        "MAILGUN_SMTP_LOGIN": "user",
        "MAILGUN_SMTP_PASSWORD": "password",
    }
    through = replace(site, variables=own | mailgun)
    through.python(
        "from django.core.mail import send_mail\n"
        "send_mail('Hello', 'body', None, ['through@example.com'])"
    )
    assert site.mailbox.wait_for("through@example.com")[0]["From"] == "site@example.com"
