"""Log in with Google, against a fake of Google's OpenID provider, over real HTTP."""

import re
from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.helpers import ROOT
from tests.project.live import installed, running
from tests.project.openid import CLIENT_ID, CLIENT_SECRET, openid_provider
from tests.project.visitor import Visitor

# One worker runs all of these tests, because they share a server.
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
    """Return a running site that uses the provider instead of Google."""
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
    """Return the claims about a new person with a Google account."""
    number = next(NUMBERS)
    provider.wrong = {}
    provider.person = {
        "sub": f"10{number}",
        "email": f"ada{number}@example.com",
        "email_verified": True,
        "given_name": "Ada",
        "family_name": "Lovelace",
    }
    # Another IP address for each test, because allauth limits the attempts of each one.
    site.front.visitor = f"203.0.113.{number}"
    return provider.person


def ask_google(visitor, page="/accounts/login/"):
    """Click the button for Google; return the page on which Google asks for consent."""
    return visitor.follow(visitor.submit(visitor.see(page), "/google/login/"))


def come_back(visitor, consent, answer="allow"):
    """Answer Google; return the next page of the site."""
    return visitor.follow(visitor.submit(consent, "/decision", answer=answer))


def accounts(site, email):
    """Return username, name, whether there is a password, and verified addresses of accounts."""
    code = (
        "from accounts.models import User\n"
        f"for user in User.objects.filter(email='{email}').order_by('pk'):\n"
        "    verified = user.emailaddress_set.filter(verified=True)\n"
        "    print(user.username, user.name, user.has_usable_password(),"
        " *[a.email for a in verified], sep='|')"
    )
    return [line.split("|") for line in site.python(code).splitlines()]


def create_account(site, email, verified):
    """Create a user with a password and an address, verified or not; return the username."""
    username = f"user{next(NUMBERS)}"
    site.python(
        "from accounts.models import User\n"
        f"user = User.objects.create_user('{username}', '{email}', '{PASSWORD}')\n"
        f"user.emailaddress_set.create(email='{email}', verified={verified}, primary=True)"
    )
    return username


def log_in(visitor, username):
    """Log in with the password; return whether it worked."""
    page = visitor.see("/accounts/login/")
    visitor.submit(page, "/login/", login=username, password=PASSWORD)
    return visitor.is_logged_in()


def test_the_first_login_creates_an_account_and_the_next_one_uses_it(site, person):
    visitor = Visitor(site)
    page = come_back(visitor, ask_google(visitor))
    assert page.url == site.url + "/" and visitor.is_logged_in()
    [(username, name, password, verified)] = accounts(site, person["email"])
    assert (name, password, verified) == ("Ada Lovelace", "False", person["email"])
    assert "Ada Lovelace" in visitor.see("/accounts/profile/").text
    again = Visitor(site)
    come_back(again, ask_google(again, "/accounts/signup/"))
    assert again.is_logged_in()
    assert len(accounts(site, person["email"])) == 1
    # The site asks for the name and the email address only.
    asked = parse_qs(urlsplit(ask_google(Visitor(site)).url).query)
    assert asked["redirect_uri"] == [site.url + CALLBACK]
    assert sorted(asked["scope"][0].split()) == ["email", "profile"]


def test_canceling_at_google_creates_no_account(site, person):
    visitor = Visitor(site)
    page = come_back(visitor, ask_google(visitor), answer="cancel")
    assert page.status_code == 200
    assert "Login canceled" in page.text and "Harbour Library" in page.text
    assert not visitor.is_logged_in() and accounts(site, person["email"]) == []


def test_a_wrong_state_is_refused(site, person):
    visitor = Visitor(site)
    answer = visitor.submit(ask_google(visitor), "/decision", answer="allow")
    forged = re.sub(r"state=\w+", "state=forged", answer.headers["Location"])
    page = visitor.get(forged)
    assert "Login failed" in page.text and "Harbour Library" in page.text
    assert not visitor.is_logged_in() and accounts(site, person["email"]) == []


def test_a_visitor_cannot_use_the_callback_of_another(site, person):
    """Otherwise, an attacker could send a link that logs the victim in as the attacker."""
    attacker, victim = Visitor(site), Visitor(site)
    answer = attacker.submit(ask_google(attacker), "/decision", answer="allow")
    victim.get(answer.headers["Location"])
    assert not victim.is_logged_in()
    # It works only once.
    assert attacker.get(answer.headers["Location"]).status_code == 200
    second = Visitor(site)
    second.cookies.update(attacker.cookies)
    assert "Login failed" in second.get(answer.headers["Location"]).text


def test_an_address_that_google_has_not_verified_must_be_confirmed(site, person):
    person["email_verified"] = False
    visitor = Visitor(site)
    page = come_back(visitor, ask_google(visitor))
    assert page.url.endswith("/accounts/confirm-email/") and not visitor.is_logged_in()
    [(username, name, password)] = accounts(site, person["email"])
    visitor.submit(visitor.see(site.mailbox.link_to(person["email"])))
    assert visitor.is_logged_in()
    again = Visitor(site)
    come_back(again, ask_google(again))
    assert again.is_logged_in()


def test_the_form_to_finish_signing_up_fits_phones(site, person):
    del person["email"]
    visitor = Visitor(site)
    page = come_back(visitor, ask_google(visitor))
    assert page.url.endswith("/accounts/3rdparty/signup/") and "Choose a username" in page.text
    [field] = re.findall(r'<input[^>]*name="username"[^>]*>', page.text)
    assert 'autocapitalize="none"' in field and "placeholder" not in field


def test_an_unverified_address_does_not_log_in_to_the_account_that_has_it(site, person):
    username = create_account(site, person["email"], verified=True)
    person["email_verified"] = False
    visitor = Visitor(site)
    page = come_back(visitor, ask_google(visitor))
    assert not visitor.is_logged_in()
    # The page is the same as for a new address, and the owner of the address gets an email.
    assert page.url.endswith("/accounts/confirm-email/")
    assert "already" in site.mailbox.wait_for(person["email"])[-1].get_content()
    assert [account[0] for account in accounts(site, person["email"])] == [username]


def test_a_verified_address_logs_in_to_the_account_that_has_it(site, person):
    username = create_account(site, person["email"], verified=True)
    visitor = Visitor(site)
    come_back(visitor, ask_google(visitor))
    assert visitor.is_logged_in()
    # It is the same account, and it keeps its password.
    [(owner, _name, password, verified)] = accounts(site, person["email"])
    assert (owner, password, verified) == (username, "True", person["email"])


def test_an_account_that_only_claims_an_address_is_not_shared_with_its_owner(site, person):
    """An attacker signs up with the address of another person, who then logs in with Google."""
    username = create_account(site, person["email"], verified=False)
    owner = Visitor(site)
    come_back(owner, ask_google(owner))
    # The owner is not logged in to the attacker's account, which stays unverified.
    verified = [row[0] for row in accounts(site, person["email"]) if len(row) > 3 and row[3]]
    assert username not in verified
    [claimed] = [row for row in accounts(site, person["email"]) if row[0] == username]
    assert claimed[2] == "True", "allauth would remove the password and log the owner in"
    assert not owner.is_logged_in() or username not in owner.see("/accounts/profile/").text


@pytest.mark.parametrize("wrong", [{"aud": "another-site"}, {"iss": "https://evil.example"}])
def test_a_token_for_another_site_or_from_another_issuer_is_refused(site, provider, person, wrong):
    provider.wrong = wrong
    visitor = Visitor(site)
    page = come_back(visitor, ask_google(visitor))
    assert "Login failed" in page.text
    assert not visitor.is_logged_in() and accounts(site, person["email"]) == []


def test_an_account_without_a_password_can_be_deleted(site, person):
    visitor = Visitor(site)
    come_back(visitor, ask_google(visitor))
    deleted = visitor.follow(visitor.submit(visitor.see("/accounts/delete/"), "/delete/"))
    assert "Your account has been deleted." in deleted.text
    assert not visitor.is_logged_in() and accounts(site, person["email"]) == []


def test_a_google_account_can_be_connected_and_disconnected(site, person):
    username = create_account(site, f"other-{person['email']}", verified=True)
    visitor = Visitor(site)
    assert log_in(visitor, username)
    # Someone else who uses the session could otherwise log in later with their own account.
    page = come_back(visitor, ask_google(visitor, "/accounts/3rdparty/"))
    assert page.url.startswith(f"{site.url}/accounts/reauthenticate/")
    assert "No other account is connected yet." in visitor.see("/accounts/3rdparty/").text
    page = visitor.follow(visitor.submit(page, "/", password=PASSWORD))
    number = re.search(r'name="account"[^>]*value="(\d+)"', page.text)
    number = number or re.search(r'value="(\d+)"[^>]*name="account"', page.text)
    removed = visitor.follow(visitor.submit(page, "/accounts/3rdparty/", account=number[1]))
    assert "No other account is connected yet." in removed.text


def test_the_button_and_its_url_need_both_variables(site):
    code = (
        "from django.test import Client\n"
        "client = Client(headers={'Host': 'localhost', 'X-Forwarded-Proto': 'https'})\n"
        "print('Google' in client.get('/accounts/login/').content.decode(),"
        " client.post('/accounts/google/login/').status_code)"
    )
    for missing in ("GOOGLE_CLIENT_ID", "GOOGLE_CLIENT_SECRET"):
        half = {name: value for name, value in site.variables.items() if name != missing}
        incomplete = replace(site, variables=half)
        assert incomplete.python(code).splitlines()[-1] == "False 404"
        warnings = incomplete.manage("check", "--deploy").output
        [warning] = [line for line in warnings.splitlines() if "(heroku.W022)" in line]
        assert missing in warning
    assert site.python(code).splitlines()[-1] == "True 302"


def test_the_document_about_google_names_the_redirect_uris():
    document = (ROOT / "docs/google.md").read_text(encoding="utf-8")
    for start in ("http://localhost:8000", "https://YOUR-HOST"):
        assert f"`{start}{CALLBACK}`" in document
