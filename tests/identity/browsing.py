"""A person with a browser that keeps cookies, signing in with an organisation over plain HTTP."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable
from urllib.parse import parse_qsl, urljoin, urlsplit

import httpx2

from identity.organisations import Organisations, SignedIn
from tests.plain_http import TLS
from tests.waiting import HANGS

NETWORK = "192.0.2.7"
HOME = "http://localhost:8000"
"""Where the web front would be: the browser stops there."""


class Browser:
    """A browser, with the secret that the web front would keep in its cookie.

    Args:
        home: where the web front is, at which the browser stops.
    """

    def __init__(self, home: str = HOME) -> None:
        self._home = home
        self.secret = secrets.token_urlsafe(32)
        self._client = httpx2.Client(timeout=HANGS, trust_env=False, verify=TLS)

    def sign_in(self, url: str, account: str = "olivia", *, gives_up: bool = False) -> dict[str, str]:
        """Signs in where the service sent the browser. If this browser is signed in there, nothing is asked.

        Args:
            url: where.
            account: there.
            gives_up: whether the person presses "Cancel" instead.

        Returns:
            The query with which the browser comes back to the service.
        """
        while not url.startswith(self._home):
            answer = self._client.get(url)
            if answer.status_code == httpx2.codes.OK and "<form" in answer.text:
                answer = self._client.post(url, data={"gives_up": "yes"} if gives_up else {"account": account})
            assert answer.is_redirect, answer.text
            url = urljoin(url, answer.headers["Location"])
        return dict(parse_qsl(urlsplit(url).query))

    def confirms(self, url: str) -> None:
        """Opens the page to sign out of an organisation, presses its button, and comes back to the service."""
        page = self._client.get(url)
        action = re.search(r'action="([^"]+)"', page.text)
        hidden = dict(re.findall(r'name="(xsrf)" value="([^"]+)"', page.text))
        assert action, page.text
        answer = self._client.post(urljoin(url, action[1]), data=hidden | {"logout": "yes"})
        assert answer.headers["Location"].startswith(f"{self._home}/sign-in")

    def page(self, url: str) -> httpx2.Response:
        """What stands at an address."""
        return self._client.get(url)

    def close(self) -> None:
        """Closes it."""
        self._client.close()


Opens = Callable[[], Browser]
"""Opens a browser."""


async def sign_in(
    organisations: Organisations, browser: Browser, account: str = "olivia", network: str = NETWORK
) -> SignedIn:
    """Somebody signs in with the office, from the first page to the last."""
    params = browser.sign_in(await organisations.begin("office", browser.secret, "", network), account)
    return await organisations.finish("office", params, browser.secret, network)
