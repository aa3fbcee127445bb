"""Signing in with Google, against a provider of the tests' own, over real HTTP."""

import re
from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.project.live import installed, running
from tests.project.openid import CLIENT_ID, CLIENT_SECRET, openid_provider
from tests.project.visitor import Visitor

# One worker runs them all, since it starts the server that they use.
pytestmark = pytest.mark.xdist_group("google")

CALLBACK = "/accounts/google/login/callback/"
PASSWORD = "correct horse battery"
NUMBERS = iter(range(1, 1000))


@pytest.fixture(scope="module")
def provider():
    """Return a running provider."""
    with openid_provider() as provider:
        yield provider


@pytest.fixture(scope="module")
def site(tmp_path_factory, provider):
    """Return a running site that knows the provider as Google."""
    folder = tmp_path_factory.mktemp("google")
    project = installed(folder, accounts="allauth")
    with (project / "config/settings.py").open("a", encoding="utf-8") as settings:
        settings.write(provider.settings())
    variables = {"GOOGLE_CLIENT_ID": CLIENT_ID, "GOOGLE_CLIENT_SECRET": CLIENT_SECRET}
    with running(project, **variables) as site:
        provider.redirect_uris = [site.url + CALLBACK]
        yield site


@pytest.fixture
def person(provider, site):
    """Return somebody new who has an account at Google."""
    number = next(NUMBERS)
    provider.wrong = {}
    provider.person = {
        "sub": f"10{number}",
        "email": f"ada{number}@example.com",
        "email_verified": True,
        "given_name": "Ada",
        "family_name": "Lovelace",
    }
    # Another visitor for each test, since a visitor may try only so often.
    site.front.visitor = f"203.0.113.{number}"
    return provider.person


def ask_google(visitor, page="/accounts/login/"):
    """Press the button; return the page on which Google asks for consent."""
    return visitor.follow(visitor.submit(visitor.see(page), "/google/login/"))


def come_back(visitor, consent, answer="allow"):
    """Answer Google; return the page of the site that follows."""
    return visitor.follow(visitor.submit(consent, "/decision", answer=answer))


def accounts(site, email):
    """Return username, name, password and proved addresses of the accounts with an address."""
    code = (
        "from accounts.models import User\n"
        f"for user in User.objects.filter(email='{email}').order_by('pk'):\n"
        "    proved = user.emailaddress_set.filter(verified=True)\n"
        "    print(user.username, user.name, user.has_usable_password(),"
        " *[a.email for a in proved], sep='|')"
    )
    return [line.split("|") for line in site.python(code).splitlines()]


def make_account(site, email, verified):
    """Make an account with a password and an address that is proved or not; return its name."""
    username = f"user{next(NUMBERS)}"
    site.python(
        "from accounts.models import User\n"
        f"user = User.objects.create_user('{username}', '{email}', '{PASSWORD}')\n"
        f"user.emailaddress_set.create(email='{email}', verified={verified}, primary=True)"
    )
    return username


def log_in(visitor, username):
    """Sign in with the password; return whether it worked."""
    page = visitor.see("/accounts/login/")
    visitor.submit(page, "/login/", login=username, password=PASSWORD)
    return visitor.is_signed_in()


def test_consent_makes_an_account_and_the_next_time_opens_it(site, person):
    visitor = Visitor(site)
    page = come_back(visitor, ask_google(visitor))
    assert page.url == site.url + "/" and visitor.is_signed_in()
    [(username, name, password, proved)] = accounts(site, person["email"])
    assert (name, password, proved) == ("Ada Lovelace", "False", person["email"])
    assert "Ada Lovelace" in visitor.see("/accounts/profile/").text
    again = Visitor(site)
    come_back(again, ask_google(again, "/accounts/signup/"))
    assert again.is_signed_in()
    assert len(accounts(site, person["email"])) == 1
    # Google is asked for no more than it takes, by an address that is registered there.
    asked = parse_qs(urlsplit(ask_google(Visitor(site)).url).query)
    assert asked["redirect_uri"] == [site.url + CALLBACK]
    assert sorted(asked["scope"][0].split()) == ["email", "profile"]


def test_refusal_leads_to_a_page_of_the_site_and_no_account(site, person):
    visitor = Visitor(site)
    page = come_back(visitor, ask_google(visitor), answer="cancel")
    assert page.status_code == 200
    assert "Login Cancelled" in page.text and 'class="site-name"' in page.text
    assert not visitor.is_signed_in() and accounts(site, person["email"]) == []


def test_a_wrong_state_signs_nobody_in(site, person):
    visitor = Visitor(site)
    answer = visitor.submit(ask_google(visitor), "/decision", answer="allow")
    forged = re.sub(r"state=\w+", "state=forged", answer.headers["Location"])
    page = visitor.get(forged)
    assert "Third-Party Login Failure" in page.text and 'class="site-name"' in page.text
    assert not visitor.is_signed_in() and accounts(site, person["email"]) == []


def test_the_answer_for_one_visitor_is_of_no_use_to_another(site, person):
    """Otherwise a link could sign somebody in to an account of the one who sent it."""
    attacker, victim = Visitor(site), Visitor(site)
    answer = attacker.submit(ask_google(attacker), "/decision", answer="allow")
    victim.get(answer.headers["Location"])
    assert not victim.is_signed_in()
    # Nor is it of use twice.
    assert attacker.get(answer.headers["Location"]).status_code == 200
    second = Visitor(site)
    second.cookies.update(attacker.cookies)
    assert "Third-Party Login Failure" in second.get(answer.headers["Location"]).text


def test_an_address_that_google_has_not_verified_has_to_be_proved(site, person):
    person["email_verified"] = False
    visitor = Visitor(site)
    page = come_back(visitor, ask_google(visitor))
    assert page.url.endswith("/accounts/confirm-email/") and not visitor.is_signed_in()
    [(username, name, password)] = accounts(site, person["email"])
    visitor.submit(visitor.see(site.mailbox.link_to(person["email"])))
    assert visitor.is_signed_in()
    again = Visitor(site)
    come_back(again, ask_google(again))
    assert again.is_signed_in()


def test_an_unverified_address_does_not_open_the_account_that_has_it(site, person):
    username = make_account(site, person["email"], verified=True)
    person["email_verified"] = False
    visitor = Visitor(site)
    page = come_back(visitor, ask_google(visitor))
    assert not visitor.is_signed_in()
    # The stranger sees what somebody new sees; the owner of the address gets a mail.
    assert page.url.endswith("/accounts/confirm-email/")
    assert "already" in site.mailbox.wait_for(person["email"])[-1].get_content()
    assert [account[0] for account in accounts(site, person["email"])] == [username]


def test_a_verified_address_opens_the_account_that_has_it(site, person):
    username = make_account(site, person["email"], verified=True)
    visitor = Visitor(site)
    come_back(visitor, ask_google(visitor))
    assert visitor.is_signed_in()
    # The same account, which keeps its password.
    [(owner, _name, password, proved)] = accounts(site, person["email"])
    assert (owner, password, proved) == (username, "True", person["email"])


def test_an_impostor_who_signed_up_first_gets_no_company(site, person):
    """Somebody signs up with an address of another, and waits for its owner."""
    username = make_account(site, person["email"], verified=False)
    owner = Visitor(site)
    come_back(owner, ask_google(owner))
    # The owner never gets into the account of the impostor, who keeps it and nothing more.
    proved = [row[0] for row in accounts(site, person["email"]) if len(row) > 3 and row[3]]
    assert username not in proved
    [claimed] = [row for row in accounts(site, person["email"]) if row[0] == username]
    assert claimed[2] == "True", "allauth would take the password and open the account"
    assert not owner.is_signed_in() or username not in owner.see("/accounts/profile/").text


@pytest.mark.parametrize("wrong", [{"aud": "another-site"}, {"iss": "https://evil.example"}])
def test_a_token_for_another_site_or_from_another_issuer_is_refused(site, provider, person, wrong):
    provider.wrong = wrong
    visitor = Visitor(site)
    page = come_back(visitor, ask_google(visitor))
    assert "Third-Party Login Failure" in page.text
    assert not visitor.is_signed_in() and accounts(site, person["email"]) == []


def test_an_account_without_a_password_can_be_deleted(site, person):
    visitor = Visitor(site)
    come_back(visitor, ask_google(visitor))
    deleted = visitor.follow(visitor.submit(visitor.see("/accounts/delete/"), "/delete/"))
    assert "Your account is deleted." in deleted.text
    assert not visitor.is_signed_in() and accounts(site, person["email"]) == []


def test_the_account_elsewhere_can_be_connected_and_removed(site, person):
    username = make_account(site, f"other-{person['email']}", verified=True)
    visitor = Visitor(site)
    assert log_in(visitor, username)
    page = come_back(visitor, ask_google(visitor, "/accounts/3rdparty/"))
    number = re.search(r'name="account"[^>]*value="(\d+)"', page.text)
    number = number or re.search(r'value="(\d+)"[^>]*name="account"', page.text)
    removed = visitor.follow(visitor.submit(page, "/accounts/3rdparty/", account=number[1]))
    assert "no third-party accounts" in removed.text


def test_the_button_stays_away_until_both_variables_are_set(site):
    """A page shows it, and the address behind it works, only with the id and the secret."""
    code = (
        "from django.test import Client\n"
        "client = Client(headers={'Host': 'localhost', 'X-Forwarded-Proto': 'https'})\n"
        "print('Google' in client.get('/accounts/login/').content.decode(),"
        " client.post('/accounts/google/login/').status_code)"
    )
    for missing in ("GOOGLE_CLIENT_ID", "GOOGLE_CLIENT_SECRET"):
        half = {name: value for name, value in site.variables.items() if name != missing}
        dormant = replace(site, variables=half)
        assert dormant.python(code).splitlines()[-1] == "False 404"
        warned = dormant.manage("check", "--deploy").output
        assert f"(heroku.W022) Nobody can sign in with Google, because {missing}" in warned
    assert site.python(code).splitlines()[-1] == "True 302"


def test_the_readme_of_the_project_names_the_redirect_uris(site):
    readme = (site.project / "README.md").read_text(encoding="utf-8")
    for start in ("http://localhost:8000", "https://YOUR-HOST"):
        assert f"`{start}{CALLBACK}`" in readme
