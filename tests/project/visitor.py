"""Visit a site with HTTP, forms and cookies, without a browser."""

import html
import re
from urllib.parse import urljoin

import requests


class Visitor(requests.Session):
    """A session that submits forms as a browser without JavaScript does."""

    def __init__(self, site) -> None:
        super().__init__()
        self.site, self.verify = site, str(site.authority)
        # Ignore the proxy and the certificates in the environment of the tests.
        self.trust_env = False

    def see(self, path: str) -> requests.Response:
        """Return a page after following redirects."""
        return self.get(urljoin(self.site.url, path), timeout=30)

    def submit(self, page: requests.Response, action: str = "", **answers: str):
        """Fill in a form of a page and submit it; return the response without following redirects.

        Submits the form whose action ends with `action`, or the first form of the content.
        """
        content = page.text.partition("<main")[2] or page.text
        for tag, body in re.findall(r"(?s)(<form[^>]*>)(.*?)</form>", content):
            found = re.search(r'action="([^"]*)"', tag)
            target = html.unescape(found[1]) if found else page.url
            if target.partition("?")[0].endswith(action):
                return self.send_form(page, urljoin(page.url, target), body, answers)
        raise AssertionError(f"no form for {action} on {page.url}:\n{content}")

    def send_form(self, page, target: str, body: str, answers: dict) -> requests.Response:
        """Submit a form with its own values and the answers of the visitor."""
        fields = {}
        for field in re.findall(r"<input[^>]*>", body):
            name = re.search(r'\bname="([^"]*)"', field)
            value = re.search(r'\bvalue="([^"]*)"', field)
            if name and value:
                fields[name[1]] = html.unescape(value[1])
        return self.post(
            target,
            data=fields | answers,
            headers={"Referer": page.url},
            allow_redirects=False,
            timeout=30,
        )

    def follow(self, response: requests.Response) -> requests.Response:
        """Return the page that a redirect leads to."""
        assert response.is_redirect, f"{response.status_code}: {response.text}"
        return self.get(urljoin(response.url, response.headers["Location"]), timeout=30)

    def is_logged_in(self) -> bool:
        """Return whether the visitor is logged in."""
        return "/accounts/profile/" in self.see("/").text
