"""What tests of the store say to it, in short."""

from __future__ import annotations

from whenever import Instant, TimeDelta

from domain.announcements.announcement import Announcement, Attention, Entry, OutgoingNotice, Status, Window
from domain.announcements.occasions import FACTS, Facts, Occasion
from domain.challenges.application import Applying
from domain.challenges.awards import PaymentOrder
from domain.forms.answers import only_text
from domain.values.model import Value
from domain.values.money import Amount, Money
from store.challenges import windows
from store.challenges.applications import accept
from store.database.database import Database

AIR = "test-2016/air-quality"
ROADS = "test-2016/smart-roads"
OPENS = Instant.from_utc(2016, 7, 5, 23)
CLOSES = Instant.from_utc(2016, 8, 1, 16)  # 17:00 in Edinburgh
MIDWAY = Instant.from_utc(2016, 7, 20, 12, 0, 0, nanosecond=123_456_789)
MICROSECOND = TimeDelta(microseconds=1)


class Words(Value):
    """A letter that says only what it is made from."""

    subject: str
    body: str


def compose(occasion: Occasion, facts: Facts) -> Words:
    """A letter with all facts in it."""
    return Words(subject=str(occasion), body="; ".join(f"{name}: {facts[name]}" for name in sorted(facts)))


def facts(occasion: Occasion, **known: str) -> Facts:
    """All facts of an occasion, empty but for those that are known."""
    return dict.fromkeys(FACTS[occasion], "") | known


def applying(name: str = "Breathe Ltd", proposal: str | None = None, **changes: str) -> Applying:
    """An application as it should be, with another proposal or other fields if they are given."""
    fields = {"organisation": name, "email": f"{name.split()[0].lower()}@applicants.example"}
    text = f"{name} measures the air from every bus." if proposal is None else proposal
    return Applying(answers=only_text(text), **(fields | changes))


def applied(database: Database, name: str = "Breathe Ltd", challenge: str = AIR, at: Instant = MIDWAY) -> str:
    """The id of an application that was taken."""
    return accept(database, challenge, applying(name), lambda: at, compose).application


def entry(at: Instant = MIDWAY, action: str = "test") -> Entry:
    """A line of the record."""
    return Entry(at=at, by="olivia", role="operator", action=action, text=f"{action} was done")


def status(waits_for: str = "applications") -> Status:
    """Where a challenge stands."""
    return Status(stage="window", waits_for=waits_for, until=CLOSES)


def announcing(
    key: str = "test",
    *notices: OutgoingNotice,
    at: Instant = MIDWAY,
    challenge: str = AIR,
    status: Status | None = None,
    window: Window | None = None,
    attention: Attention | None = None,
    applications: tuple[str, ...] = (),
    withdrawn: str = "",
) -> Announcement:
    """An announcement in which only what matters is said."""
    return Announcement(
        key=f"{challenge}/{key}",
        challenge=challenge,
        entry=entry(at, key.partition("/")[0]),
        status=status,
        window=window,
        attention=attention,
        notices=notices,
        applications=applications,
        withdrawn=withdrawn,
    )


def opened(challenge: str = AIR) -> Announcement:
    """The window opens."""
    return announcing(
        "opened", at=OPENS, challenge=challenge, status=status(), window=Window(opens=OPENS, closes=CLOSES)
    )


def order(team: str, amount: str = "2000", number: int = 1, challenge: str = AIR) -> PaymentOrder:
    """A payment that is due to a team."""
    return PaymentOrder(
        key=f"{challenge}/exploration/{team}/{number}",
        challenge=challenge,
        stage="exploration",
        team=team,
        number=number,
        of=2,
        amount=Amount(net=Money.parse(amount), vat=Money.parse("400")),
        currency="GBP",
    )


def seal(database: Database, challenge: str = AIR, at: Instant = CLOSES) -> int:
    """Seals a window without announcing it; says how many applications it has."""
    with database.writing() as connection:
        return windows.seal(connection, challenge, at).number
