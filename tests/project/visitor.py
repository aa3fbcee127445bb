"""Somebody who visits a site with nothing but HTTP, forms and cookies."""

import html
import re
from urllib.parse import urljoin

import requests


class Visitor(requests.Session):
    """A session that fills in forms as a browser without JavaScript does; redirects are kept."""

    def __init__(self, site) -> None:
        super().__init__()
        self.site, self.verify = site, str(site.authority)
        # Neither a proxy nor another authority of whoever runs the tests.
        self.trust_env = False

    def see(self, path: str) -> requests.Response:
        """Return a page, wherever redirects lead."""
        return self.get(urljoin(self.site.url, path), timeout=30)

    def submit(self, page: requests.Response, action: str = "", **answers: str):
        """Fill in a form of a page and send it; return the answer, a redirect not followed.

        The form is the one whose action ends with `action`, or the first one in the content.
        """
        content = page.text.partition("<main")[2] or page.text
        for tag, body in re.findall(r"(?s)(<form[^>]*>)(.*?)</form>", content):
            found = re.search(r'action="([^"]*)"', tag)
            target = html.unescape(found[1]) if found else page.url
            if target.partition("?")[0].endswith(action):
                return self.send_form(page, urljoin(page.url, target), body, answers)
        raise AssertionError(f"no form for {action} on {page.url}:\n{content}")

    def send_form(self, page, target: str, body: str, answers: dict) -> requests.Response:
        """Send the fields of a form with the answers to them."""
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

    def follow(self, answer: requests.Response) -> requests.Response:
        """Return the page that a redirect leads to."""
        assert answer.is_redirect, f"{answer.status_code}: {answer.text}"
        return self.get(urljoin(answer.url, answer.headers["Location"]), timeout=30)

    def is_signed_in(self) -> bool:
        """Return whether the site knows the visitor."""
        return "/accounts/profile/" in self.see("/").text
