"""Links to sign in with: a letter shows that a mailbox is somebody's own.

Opening a link changes nothing, because programs that look for harmful mail open all links. Signing in takes a click in
the browser that asked for the link; any other browser needs the code that the first one shows. So whoever gets somebody
to ask for a link, or asks for a link in somebody else's name, gets nothing from the letter alone, nor from the code.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable

from sqlalchemy import Connection
from whenever import Instant, TimeDelta

from domain.identity.proof import Way
from domain.values.addresses import mailbox_of, read_address
from domain.values.model import Value
from domain.values.refusals import NotReadable, Problem, Refused, SignInOver, SignInRefused
from domain.values.wording import counted
from store.database.database import Database
from store.database.instants import to_microsecond
from store.database.tables import Found
from store.identity import links as rows
from store.identity import secrets

from .limits import Limit, Limits
from .persons import Persons

LASTS = TimeDelta(minutes=15)
"""How long a link can be used, from the moment at which its letter was sent."""
VALID = "15 minutes"
MOST_TRIES = 5
"""So many wrong codes end a link: of a million codes nobody finds the right one."""

_BY_ADDRESS = Limit("link-address", 5, 15)
_BY_NETWORK = Limit("link-network", 40, 15)
_GUESSES = Limit("link-guess", 40, 15)
"""Of secrets that are no links, by one network. Nobody could guess one in any time: this keeps them from trying."""
_LEAST_SECRET = 22
"""Characters of a browser's secret: 128 bits in base64."""
_LONGEST_SECRET = 100
_LONGEST_PAGE = 500
_CODES = 1_000_000
_PRINTED = "printed"


class Asked(Value):
    """What a browser shows that has asked for a link. It is the same for every address. Personal data.

    Args:
        address: where a letter goes, if the address can sign in at all.
        code: six digits, for another browser in which the link is opened.
    """

    address: str
    code: str


class Opened(Value):
    """A link that can be used.

    Args:
        needs_code: whether this browser has to show the code, because another one asked for the link.
    """

    needs_code: bool


class Proven(Value):
    """Whom a link has signed in.

    Args:
        mailbox: who.
        way: how that was proven: a link that was printed at the machine proves no mailbox.
        wanted: the page that the person had asked for.
    """

    mailbox: str
    way: Way
    wanted: str


class Links:
    """Links to sign in with. All functions block: on an event loop, call them in a thread.

    All functions raise:
        Unavailable: the database cannot be reached.

    Args:
        database: where links are kept.
        clock: tells the present instant.
        limits: count who asks how often; the same for all requests of a process.
    """

    def __init__(
        self, database: Database, clock: Callable[[], Instant] = Instant.now, limits: Limits | None = None
    ) -> None:
        self._database = database
        self._clock = clock
        self._limits = limits or Limits()
        self._persons = Persons(database)

    def ask(self, address: str, browser: str, network: str, wanted: str = "") -> Asked:
        """Somebody wants a link. The worker sends the letter.

        Answer and work are the same whether the service knows the address or not, so neither tells. Whoever has to sign
        in with an organisation gets a letter that says so, and nobody else hears of it.

        Args:
            address: as typed.
            browser: a secret of 128 bits or more that only this browser holds.
            network: the network that the request came from, as limits count it.
            wanted: the page to go on to. It comes back as it is: check it before you use it.

        Raises:
            NotReadable: that is no address.
            TooOften: links were asked for too often, for this address or from this network.
        """
        if len(browser) < _LEAST_SECRET:
            raise ValueError("a browser's secret must be too long to guess")
        to = _read(address)
        self._limits.count(_BY_NETWORK, network)
        self._limits.count(_BY_ADDRESS, mailbox_of(to))
        now, id_ = to_microsecond(self._clock()), secrets.new_id()
        code = _code(browser, id_)
        with self._database.writing() as connection:
            rows.ask(connection, self._row(id_, to, browser, code, now) | {"wanted": wanted[:_LONGEST_PAGE]})
        return Asked(address=to, code=code)

    def asked_for(self, browser: str) -> Asked | None:
        """What a browser has to show that has asked for a link which can still be used, as when a page is read again.

        Args:
            browser: its secret.
        """
        row = rows.of_browser(self._database, secrets.hashed(browser)) if len(browser) >= _LEAST_SECRET else None
        if row is None or row.status == _PRINTED or _why_over(row, self._clock()):
            return None
        return Asked(address=row.address, code=_code(browser, row.id))

    def open(self, secret: str, browser: str, network: str) -> Opened:
        """Looks at a link, and changes nothing, however often and whoever does it.

        Args:
            secret: from the address of the link.
            browser: the secret that the browser holds; empty if it holds none.
            network: the network that the request came from.

        Raises:
            SignInRefused: there is no such link.
            SignInOver: the link is too old or was used, or a newer one was asked for.
            TooOften: this network has tried too many that are none.
        """
        self._limits.check(_GUESSES, network)
        row = rows.look_at(self._database, secrets.hashed(secret[:_LONGEST_SECRET]))
        if row is None:
            raise self._unknown(network)
        if why := _why_over(row, self._clock()):
            raise SignInOver(why)
        return Opened(needs_code=not _needs_no_code(row, browser))

    def sign_in(self, secret: str, browser: str, network: str, code: str = "") -> Proven:
        """Uses a link up. If two try at once, one of them is signed in.

        Args:
            secret, browser, network: see `open`.
            code: as typed, if the browser is another one than that which asked for the link.

        Raises:
            SignInRefused: there is no such link; the code is missing or wrong, and the link can still be used; or the
                person signs in with an organisation.
            SignInOver: the link is too old or was used, a newer one was asked for, or the code was wrong too often.
            TooOften: this network has tried too many that are none.
        """
        self._limits.check(_GUESSES, network)
        with self._database.writing() as connection:
            row = rows.held(connection, secrets.hashed(secret[:_LONGEST_SECRET]))
            fault = _use(connection, row, browser, code, to_microsecond(self._clock())) if row is not None else None
        if row is None:
            raise self._unknown(network)
        if fault is not None:  # only now, so that a try that was wrong is written down
            raise fault
        if not self._persons.ways_for(row.mailbox).link:
            raise SignInRefused("You sign in with your organisation and not with a link: begin again, and choose it.")
        way = Way.TERMINAL if row.status == _PRINTED else Way.LINK
        return Proven(mailbox=row.mailbox, way=way, wanted=row.wanted)

    def printed(self, address: str) -> str:
        """A link that is shown at the machine itself, instead of a letter. It proves no mailbox. Earlier links end.

        Args:
            address: of the person.

        Returns:
            The secret of the link, which is kept nowhere.

        Raises:
            NotReadable: that is no address.
        """
        to, secret, now = _read(address), secrets.new(), to_microsecond(self._clock())
        row = self._row(secrets.new_id(), to, secrets.new(), "", now)
        with self._database.writing() as connection:
            rows.ask(connection, row | {"secret": secrets.hashed(secret), "status": _PRINTED})
        return secret

    def _row(self, id_: str, address: str, browser: str, code: str, now: Instant) -> dict[str, object]:
        return {
            "id": id_,
            "mailbox": mailbox_of(address),
            "address": address,
            "browser": secrets.hashed(browser),
            "code": _hash_of_code(id_, code),
            "asked_at": now,
            "ends_at": now + LASTS,
        }

    def _unknown(self, network: str) -> SignInRefused:
        """The refusal of a secret that is none. Somebody may be guessing.

        Raises:
            TooOften: from this network, too many were.
        """
        self._limits.count(_GUESSES, network)
        return SignInRefused("There is no such link: open the whole link of the newest e-mail, or ask for another one.")


def path_of(secret: str) -> str:
    """Where the web front opens a link: a path below its address."""
    return f"/link/{secret}"


def _read(address: str) -> str:
    try:
        return read_address(address)
    except ValueError as error:
        raise NotReadable.for_problems([Problem(field="address", text=f"The address {error}.")]) from None


def _code(browser: str, link: str) -> str:
    """The six digits that a browser shows. They follow from its secret, so it can show them again, and nobody else can.

    A keyed hash is spread evenly over all codes.
    """
    digest = hmac.digest(browser.encode(), link.encode(), hashlib.sha256)
    return f"{int.from_bytes(digest) % _CODES:06}"


def _hash_of_code(link: str, code: str) -> str:
    return secrets.hashed(f"{link}/{code}")


def _needs_no_code(row: Found, browser: str) -> bool:
    """Whether a browser may use a link without the code: it asked for the link, or the link was printed for it."""
    return row.status == _PRINTED or hmac.compare_digest(row.browser, secrets.hashed(browser))


def _why_over(row: Found, now: Instant) -> str:
    """Why a link cannot be used any more; empty if it can."""
    if row.used_at is not None:
        return "This link was used, and a link works once: if you are not signed in, ask for another one."
    if row.ended_at is not None:
        return "This link has ended: open the newest one, or ask for another one."
    if now >= row.ends_at:
        return f"This link is too old, because a link can be used for {VALID}: ask for another one."
    return ""


def _use(connection: Connection, row: Found, browser: str, code: str, now: Instant) -> Refused | None:
    """Uses a link up, or writes down that a code was wrong. Returns why it cannot be used.

    Args:
        connection: in a transaction that writes.
        row: of the link, locked.
        browser, code: what the browser shows.
        now: the present.
    """
    if why := _why_over(row, now):
        return SignInOver(why)
    typed = "".join(code.split())
    if _needs_no_code(row, browser) or hmac.compare_digest(row.code, _hash_of_code(row.id, typed)):
        rows.change(connection, row.id, used_at=now)
        return None
    if not typed:
        text = "Type the six digits that the browser shows in which you asked for the link."
        return SignInRefused.for_problems([Problem(field="code", text=text)])
    left = MOST_TRIES - row.tries - 1
    rows.change(connection, row.id, tries=row.tries + 1, **({} if left else {"ended_at": now}))
    if not left:
        return SignInOver(f"The code was wrong {MOST_TRIES} times, so this link has ended: ask for another one.")
    tries = counted(left, "more try", "more tries")
    text = f"That is not the code that the other browser shows: look again. You have {tries}."
    return SignInRefused.for_problems([Problem(field="code", text=text)])
