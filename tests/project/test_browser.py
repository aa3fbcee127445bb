"""Test the pages in a real browser: with a mouse, a finger or the keyboard, axe and Lighthouse.

Chromium comes from the system. axe-core and Lighthouse come from npm: run `npm ci` in
tests/project/browser. With REFRESH_SCREENSHOTS=1, the screenshots in the README are replaced.
"""

import json
import os
import re
from pathlib import Path

import pytest

from tests.helpers import ROOT, missing, run
from tests.project.live import SUPERUSER, installed, running
from tests.project.openid import CLIENT_ID, CLIENT_SECRET, openid_provider

FROM_NPM = ROOT / "tests/project/browser/node_modules"
SCREENSHOTS = ROOT / "docs/screenshots"
DESK = {"viewport": {"width": 1100, "height": 720}}
PHONE = {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True}
SITE_NAME = "Harbour Library"
PASSWORD, NEW_PASSWORD = "correct horse battery", "staple-correct-4711"

# The labels of fields that django-allauth calls something else.
FIELDS = {
    "django": {
        "login": "Username",
        "passwords": ("Password", "Password confirmation"),
        "new passwords": ("New password", "New password confirmation"),
    },
    "allauth": {
        "login": "Username or email",
        "passwords": ("Password", "Password (again)"),
        "new passwords": ("New Password", "New Password (again)"),
    },
}


def from_npm(name):
    """Return the path of a package that npm installs."""
    path = FROM_NPM / name
    if not path.exists():
        missing(name, "npm ci --prefix tests/project/browser")
    return path


def in_its_group(accounts):
    """Return a site as a parameter; one worker starts the site and runs all of its tests."""
    return pytest.param(accounts, marks=pytest.mark.xdist_group(f"browser-{accounts}"))


def only_with(accounts):
    """Run a test on one of the two sites only."""
    return pytest.mark.parametrize("site", [in_its_group(accounts)], indirect=True)


@pytest.fixture(scope="module", params=[in_its_group("django"), in_its_group("allauth")])
def site(request, tmp_path_factory):
    """Return a running site. With allauth, it uses a provider of the tests instead of Google."""
    accounts = request.param
    version = {"django": "5.2", "allauth": "6.1"}[accounts]
    folder = tmp_path_factory.mktemp("browser")
    project = installed(folder, accounts=accounts, django_version=version)
    if accounts == "django":
        with running(project) as site:
            site.fields, site.accounts = FIELDS[accounts], accounts
            yield site
        return
    with openid_provider() as provider:
        with (project / "config/settings.py").open("a", encoding="utf-8") as settings:
            settings.write(provider.settings())
        google = {"GOOGLE_CLIENT_ID": CLIENT_ID, "GOOGLE_CLIENT_SECRET": CLIENT_SECRET}
        with running(project, **google) as site:
            provider.redirect_uris = [f"{site.url}/accounts/google/login/callback/"]
            site.provider = provider
            site.fields, site.accounts = FIELDS[accounts], accounts
            yield site


@pytest.fixture
def new_page(browser, site):
    """Return a function that opens a page as a new visitor. Errors in the browser fail the test."""
    contexts, errors = [], []

    def open_page(**options):
        options = {"ignore_https_errors": True, "base_url": site.url} | DESK | options
        context = browser.new_context(**options)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(10_000)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda line: keep_error(line, errors))
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert errors == []


def keep_error(line, errors):
    """Keep an error in the console, unless it only says that the status of a page is 4xx."""
    if line.type == "error" and "with a status of 4" not in line.text:
        errors.append(line.text)


class Pointer:
    """A visitor with a mouse or a finger."""

    def __init__(self, page):
        self.page = page

    def press(self, role, name):
        """Press a button or follow a link."""
        place = self.page.get_by_role(role, name=name, exact=True)
        with self.page.expect_navigation():
            (place.tap if self.is_touch() else place.click)()

    def is_touch(self):
        """Return whether the page is on a phone."""
        return self.page.viewport_size["width"] < 500

    def fill(self, label, value):
        """Fill in a field."""
        self.page.get_by_label(label, exact=True).fill(value)


class Keyboard:
    """A visitor who only uses the keyboard. The focus has to reach everything and to be visible."""

    def __init__(self, page):
        self.page = page

    def reach(self, place):
        """Press the Tab key until the element has the focus."""
        for _ in range(60):
            if place.evaluate("element => element === document.activeElement"):
                outline = "element => getComputedStyle(element).outlineStyle"
                assert place.evaluate(outline) != "none", "the focus cannot be seen"
                return
            self.page.keyboard.press("Tab")
        raise AssertionError(f"the Tab key never reaches {place}")

    def press(self, role, name):
        """Press a button or follow a link."""
        self.reach(self.page.get_by_role(role, name=name, exact=True))
        with self.page.expect_navigation():
            self.page.keyboard.press("Enter")

    def fill(self, label, value):
        """Fill in a field."""
        self.reach(self.page.get_by_label(label, exact=True))
        self.page.keyboard.press("ControlOrMeta+a")
        self.page.keyboard.type(value)


@pytest.mark.parametrize(
    ("driver", "device", "name"),
    [
        (Pointer, PHONE, "maria"),
        # The pages and their fields are the same, whoever presses them.
        pytest.param(Keyboard, DESK, "karl", marks=pytest.mark.long),
    ],
    ids=["phone", "keyboard"],
)
def test_a_visitor_signs_up_resets_the_password_and_deletes_the_account(
    site, new_page, driver, device, name
):
    """All pages work without JavaScript."""
    fields, email = site.fields, f"{name}@example.com"
    site.front.visitor = f"198.51.100.{len(name)}"
    page = new_page(java_script_enabled=False, **device)
    person = driver(page)

    page.goto("/")
    person.press("link", "Sign up")
    person.fill("Username", name)
    person.fill("Email", email)
    for label in fields["passwords"]:
        person.fill(label, PASSWORD)
    person.press("button", "Sign up")
    if site.accounts == "allauth":
        page.goto(site.mailbox.link_to(email))
        person.press("button", "Confirm")

    person.press("link", name)
    person.fill("Name", f"{name.title()} Øster")
    person.press("button", "Save")
    assert "saved" in page.get_by_role("status").inner_text()
    person.press("button", "Log out")

    page.goto("/accounts/login/")
    person.press("link", "Forgot your password?")
    person.fill("Email", email)
    mails = len(site.mailbox.messages)
    person.press("button", "Send link")
    [*_, message] = site.mailbox.wait_for(email, 1 + (mails and site.accounts == "allauth"))
    assert SITE_NAME in message["Subject"] and SITE_NAME in message.get_content()
    page.goto(site.mailbox.link_to(email))
    for label in fields["new passwords"]:
        person.fill(label, NEW_PASSWORD)
    person.press("button", "Change password")

    page.goto("/accounts/login/")
    person.fill(fields["login"], name)
    person.fill("Password", NEW_PASSWORD)
    person.press("button", "Log in")
    # The navigation shows the name from the profile.
    person.press("link", f"{name.title()} Øster")
    person.press("link", "Delete account")
    if site.accounts == "django":
        person.fill("Password", NEW_PASSWORD)
    person.press("button", "Delete account")
    if site.accounts == "allauth":
        person.fill("Password", NEW_PASSWORD)
        person.press("button", "Confirm")
    assert "deleted" in page.get_by_role("status").inner_text()
    code = "from accounts.models import User; print(User.objects.filter(username='{}').count())"
    assert site.python(code.format(name)).split()[-1] == "0"


@only_with("allauth")
def test_a_visitor_logs_in_with_google(site, new_page):
    """The content security policy allows the form to redirect to the provider and back."""
    site.provider.person = {
        "sub": "77",
        "email": "greta@example.com",
        "email_verified": True,
        "given_name": "Greta",
    }
    page = new_page()
    page.goto("/accounts/login/")
    page.get_by_role("button", name="Continue with Google").click()
    page.get_by_role("button", name="Continue", exact=True).click()
    page.get_by_role("link", name="Greta", exact=True).wait_for()
    assert page.url == site.url + "/"


@pytest.fixture
def superuser_state(site, browser):
    """Return the cookies of a superuser who is logged in."""
    context = browser.new_context(ignore_https_errors=True, base_url=site.url)
    page = context.new_page()
    page.goto("/admin/login/")
    page.get_by_label("Username:").fill(SUPERUSER["DJANGO_SUPERUSER_USERNAME"])
    page.get_by_label("Password:").fill(SUPERUSER["DJANGO_SUPERUSER_PASSWORD"])
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url("**/admin/")
    state = context.storage_state()
    context.close()
    return state


PAGES = {
    "django": {
        "logged out": [
            "/",
            "/accounts/login/",
            "/accounts/signup/",
            "/accounts/password-reset/",
            "/accounts/password-reset/sent/",
            "/accounts/password-reset/done/",
            "/accounts/password-reset/x/y/",
        ],
        "logged in": ["/accounts/password-change/"],
    },
    "allauth": {
        "logged out": [
            "/",
            "/accounts/login/",
            "/accounts/signup/",
            "/accounts/password/reset/",
            "/accounts/password/reset/done/",
            "/accounts/confirm-email/",
            "/accounts/confirm-email/x/",
            "/accounts/inactive/",
            "/accounts/3rdparty/login/cancelled/",
            "/accounts/3rdparty/login/error/",
        ],
        "logged in": [
            "/accounts/email/",
            "/accounts/password/change/",
            "/accounts/3rdparty/",
            "/accounts/logout/",
        ],
    },
}
FOR_EVERYONE = ["/no-such-page/"]
FOR_STAFF = ["/", "/accounts/profile/", "/accounts/delete/"]


def test_the_back_button_does_not_show_the_profile_after_a_logout(site, new_page):
    page = new_page()
    page.goto("/admin/login/?next=/accounts/profile/")
    page.fill("#id_username", SUPERUSER["DJANGO_SUPERUSER_USERNAME"])
    page.fill("#id_password", SUPERUSER["DJANGO_SUPERUSER_PASSWORD"])
    page.locator("[type=submit]").click()
    page.wait_for_url("**/accounts/profile/")
    page.get_by_role("button", name="Log out", exact=True).click()
    page.wait_for_url(f"{site.url}/")
    page.go_back()
    assert "/accounts/login/" in page.url
    assert SUPERUSER["DJANGO_SUPERUSER_EMAIL"] not in page.content()


def violations(page, *rules):
    """Return the rule and the elements of each axe violation. By default, check all rules."""
    page.evaluate((from_npm("axe-core/axe.min.js")).read_text(encoding="utf-8"))
    options = {"runOnly": rules} if rules else {}
    code = "options => axe.run(document, options).then(result => result.violations)"
    found = page.evaluate(code, options)
    return [(v["id"], v["help"], [node["html"][:200] for node in v["nodes"]]) for v in found]


@pytest.mark.parametrize("scheme", ["light", pytest.param("dark", marks=pytest.mark.long)])
def test_axe_finds_no_violation_on_any_page(site, new_page, superuser_state, scheme):
    pages = PAGES[site.accounts]
    # Dark pages only differ from light pages in their colors.
    rules = ["color-contrast"] if scheme == "dark" else []
    logged_out = new_page(color_scheme=scheme)
    for path in [*pages["logged out"], *FOR_EVERYONE]:
        assert_describes_itself(logged_out, logged_out.goto(path))
        assert violations(logged_out, *rules) == [], path
        if scheme == "light":
            assert_fits_a_phone(logged_out, path)
    # A form with errors is accessible as well.
    logged_out.goto("/accounts/login/")
    logged_out.get_by_label(site.fields["login"], exact=True).fill("nobody")
    logged_out.get_by_label("Password", exact=True).fill("wrong")
    with logged_out.expect_navigation():
        logged_out.get_by_role("button", name="Log in", exact=True).click()
    assert logged_out.locator(".errorlist").count() == 1
    assert violations(logged_out, *rules) == []
    logged_in = new_page(color_scheme=scheme, storage_state=superuser_state)
    for path in [*pages["logged in"], *FOR_STAFF]:
        response = logged_in.goto(path)
        assert response.url == site.url + path
        assert_describes_itself(logged_in, response)
        assert violations(logged_in, *rules) == [], path
        if scheme == "light":
            assert_fits_a_phone(logged_in, path)


def assert_describes_itself(page, response):
    """A page that returns 200 has a title, a description for search engines, and labels."""
    if response.status == 200:
        assert page.title(), response.url
        description = page.locator("meta[name=description]").get_attribute("content")
        assert description.strip(), response.url
        # A placeholder disappears as soon as you type, so every field has a label instead.
        assert page.locator("main [placeholder]").count() == 0, response.url


def assert_fits_a_phone(page, path):
    """Nothing on a page is wider than a small phone."""
    page.set_viewport_size({"width": 320, "height": 640})
    assert page.evaluate("document.documentElement.scrollWidth") <= 320, path
    page.set_viewport_size(DESK["viewport"])


@only_with("django")
def test_lighthouse_gives_the_best_scores(site, chromium, superuser_state):
    """Test the pages that visitors see most. The long test below tests the others."""
    judge(site, chromium, superuser_state, ["/accounts/profile/"], ["/accounts/login/", "/"])


@pytest.mark.long
def test_lighthouse_gives_every_page_the_best_scores(site, new_page, chromium, superuser_state):
    """Test every page that returns 200."""
    pages, visitor = PAGES[site.accounts], new_page().request
    logged_out = [path for path in pages["logged out"] if visitor.get(path).status == 200]
    judge(site, chromium, superuser_state, [*pages["logged in"], *FOR_STAFF], logged_out)


def judge(site, chromium, state, logged_in, logged_out):
    """Run Lighthouse on pages, logged in and logged out. Fail if a score is not 100."""
    from_npm("lighthouse")
    session = next(c["value"] for c in state["cookies"] if c["name"] == "sessionid")
    visits = [
        {
            "url": site.url + path,
            "categories": ["accessibility", "best-practices", "seo"],
            "cookie": cookie,
        }
        for paths, cookie in ((logged_in, f"sessionid={session}"), (logged_out, ""))
        for path in paths
    ]
    script = ROOT / "tests/project/browser/lighthouse.mjs"
    command = ["node", script, chromium, json.dumps(visits)]
    ended = run(command, ROOT, dict(os.environ), timeout=900)
    assert ended.status == 0, ended.output
    judged = [json.loads(line) for line in ended.output.splitlines() if line.startswith("{")]
    assert [page["url"] for page in judged] == [visit["url"] for visit in visits]
    assert [page for page in judged if set(page["scores"].values()) != {100}] == []


@only_with("django")
def test_the_home_page_shows_the_name_of_the_site_once(site, new_page):
    page = new_page()
    page.goto("/")
    assert page.title() == SITE_NAME
    assert page.locator("body").inner_text().count(SITE_NAME) == 1


def test_a_form_is_centered_and_highlights_its_errors(site, new_page):
    page = new_page()
    page.goto("/accounts/signup/")
    box = page.get_by_role("main").bounding_box()
    left, right = box["x"], DESK["viewport"]["width"] - box["x"] - box["width"]
    assert abs(left - right) <= 1 and left > 100
    border = "field => getComputedStyle(field).borderColor"
    username = page.get_by_label("Username", exact=True)
    before = username.evaluate(border)
    username.fill("not/allowed")
    page.get_by_label("Email", exact=True).fill("karl@example.com")
    for label in site.fields["passwords"]:
        page.get_by_label(label, exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign up", exact=True).click()
    page.locator("#id_username[aria-invalid=true]").wait_for()
    assert username.evaluate(border) != before
    assert page.locator("#id_username_error").is_visible()
    assert "id_username_error" in username.get_attribute("aria-describedby")


@only_with("django")
def test_pages_use_the_language_of_the_browser_also_from_right_to_left(site, new_page, tmp_path):
    """Arabic is added as docs/languages.md says."""
    settings = site.project / "config/settings.py"
    before = settings.read_text(encoding="utf-8")
    document = (ROOT / "docs/languages.md").read_text(encoding="utf-8")
    middleware = re.search(r'(?m)^ +"django\.middleware\.locale.*\n', document)[0]
    sessions = '    "django.contrib.sessions.middleware.SessionMiddleware",\n'
    added = before.replace('("en", "English")', '("en", "English"), ("ar", "العربية")')
    added = added.replace(sessions, sessions + middleware.strip() + "\n")
    assert added.count("ar") > before.count("ar") and "LocaleMiddleware" in added
    settings.write_text(added, encoding="utf-8")
    try:
        with running(site.project, processes=1) as arabic:
            page = new_page(locale="ar", base_url=arabic.url)
            page.goto("/admin/login/")
            page.goto("/")
            html = page.locator("html")
            assert (html.get_attribute("lang"), html.get_attribute("dir")) == ("ar", "rtl")
            name = page.locator(".brand").bounding_box()
            assert name["x"] > DESK["viewport"]["width"] / 2
            assert page.evaluate("document.documentElement.scrollWidth") <= 1100
            page.screenshot(path=tmp_path / "right-to-left.png")
            english = new_page(locale="de", base_url=arabic.url)
            english.goto("/")
            assert english.locator("html").get_attribute("lang") == "en"
            # An open page may still load its icon, which fails after the server has stopped.
            page.close()
            english.close()
    finally:
        settings.write_text(before, encoding="utf-8")


@only_with("django")
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_screenshots_are_small_and_light_or_dark(site, new_page, superuser_state, scheme, tmp_path):
    """Take the screenshots in the README. By default, they go to a temporary folder."""
    folder = SCREENSHOTS if os.environ.get("REFRESH_SCREENSHOTS") else tmp_path
    folder.mkdir(exist_ok=True)
    out, back = (
        new_page(color_scheme=scheme),
        new_page(color_scheme=scheme, storage_state=superuser_state),
    )
    for page, name, path in (
        (out, "home", "/"),
        (out, "login", "/accounts/login/"),
        (out, "404", "/no-such-page/"),
        (back, "profile", "/accounts/profile/"),
    ):
        page.goto(path)
        taken = page.screenshot(path=folder / f"{name}-{scheme}.png")
        assert taken.startswith(b"\x89PNG") and len(taken) < 100_000
    # The background has to match the color scheme.
    color = out.evaluate("getComputedStyle(document.body).backgroundColor")
    lightness = sum(map(int, re.findall(r"\d+", color)[:3])) / 3
    assert (lightness > 128) is (scheme == "light")


@only_with("django")
def test_a_printed_page_has_no_navigation(site, new_page):
    page = new_page()
    page.goto("/")
    page.emulate_media(media="print")
    assert not page.get_by_role("navigation").is_visible()
    assert page.get_by_role("heading", level=1).is_visible()


def test_the_readme_has_every_screenshot():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    shown = set(re.findall(r"docs/screenshots/([\w-]+\.png)", readme))
    pages = ("home", "login", "404", "profile")
    assert shown == {f"{page}-{scheme}.png" for page in pages for scheme in ("light", "dark")}
    for name in shown:
        assert (SCREENSHOTS / name).stat().st_size < 100_000


def test_the_style_sheet_is_small():
    sheet = Path(ROOT / "{{cookiecutter.project_slug}}/static/css/site.css").read_bytes()
    assert len(sheet) < 10_000
