"""Dates, money and numbers as people read them, in the language of the page. Templates use them as filters.

The patterns are texts of the catalogues, so that each language has its own. Names of days, months and zones are
those of Unicode's CLDR, from Babel.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from functools import cache

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_datetime, get_timezone_name
from babel.numbers import format_currency, format_decimal, get_currency_symbol
from markupsafe import Markup
from whenever import Date, Instant, ItemizedDelta, Time

from domain.challenges.state import Outcome
from domain.forms.attachments import spoken_size
from domain.programmes.pay import Pay
from domain.values.calendar import WorkingDays
from domain.values.money import Money, Vat
from domain.values.words import gettext, ngettext, spoken


def day(value: Date | Instant, zone: str = "UTC") -> str:
    """A day: "Monday 1 August 2016".

    Args:
        value: the day, or an instant of it.
        zone: tz database name of the place, for an instant.
    """
    date = value.to_tz(zone).date() if isinstance(value, Instant) else value
    # Translators: a pattern of Unicode (CLDR) for a day, such as "Monday 1 August 2016".
    return format_date(date.to_stdlib(), gettext("EEEE d MMMM y"), locale=_locale())


def moment(instant: Instant, zone: str = "UTC") -> str:
    """When something happened, to the minute: "Monday 1 August 2016, 5:00 pm (British Summer Time, UTC+1)".

    Args:
        instant: what is shown.
        zone: tz database name of the place.
    """
    local = instant.round("minute", mode="floor").to_tz(zone).to_stdlib()
    return _on_the_clock(local, day(instant, zone))


def clock(instant: Instant, zone: str = "UTC") -> str:
    """A time of day: "5:00 pm"."""
    # Translators: a pattern of Unicode (CLDR) for a time of day, such as "5:00 pm".
    return format_datetime(instant.to_tz(zone).to_stdlib(), gettext("h:mm a"), locale=_locale())


def deadline(instant: Instant, zone: str = "UTC", *, begins: bool = False) -> str:
    """An instant that is enforced: with its seconds, if it has any. A day's end is shown as the end of that day.

    Args:
        instant: what is shown.
        zone: tz database name of the place.
        begins: whether something begins then. Midnight is then shown as the beginning of its day.
    """
    local = instant.to_tz(zone)
    if local.time() == Time() and not begins:
        ended = local.subtract(nanoseconds=1)
        return gettext("{day}, midnight at the end of the day ({clock})").format(
            day=day(ended.date()), clock=_clock_of(ended.to_stdlib())
        )
    return _on_the_clock(local.to_stdlib(), day(local.date()))


def _on_the_clock(local: datetime, its_day: str) -> str:
    # Translators: patterns of Unicode (CLDR) for a time of day, such as "5:00 pm" and "5:00:07 pm".
    pattern = gettext("h:mm:ss a") if local.second or local.microsecond else gettext("h:mm a")
    time = format_datetime(local, pattern, locale=_locale())
    return gettext("{day}, {time} ({clock})").format(day=its_day, time=time, clock=_clock_of(local))


def _clock_of(local: datetime) -> str:
    """The name of a place's clock at a time: "British Summer Time, UTC+1"."""
    assert local.tzinfo is not None, "made from an instant in a zone"
    if str(local.tzinfo) == "UTC":
        return "UTC"
    minutes = round(local.tzinfo.utcoffset(local).total_seconds() / 60)  # type: ignore[union-attr]
    hours, rest = divmod(abs(minutes), 60)
    offset = f"UTC{'-' if minutes < 0 else '+'}{hours}" + (f":{rest:02d}" if rest else "")
    return gettext("{zone}, {offset}").format(zone=get_timezone_name(local, "long", locale=_locale()), offset=offset)


def when(instant: Instant, zone: str = "UTC") -> Markup:
    """What `moment` says, as an element that programs can read."""
    return _timed(instant, moment(instant, zone))


def until(instant: Instant, zone: str = "UTC", *, begins: bool = False) -> Markup:
    """What `deadline` says, as an element that programs can read."""
    return _timed(instant, deadline(instant, zone, begins=begins))


def _timed(instant: Instant, text: str) -> Markup:
    return Markup('<time datetime="{}">{}</time>').format(instant.format_iso(), text)


def duration(lasts: ItemizedDelta | WorkingDays) -> str:
    """How long something lasts, in the units in which it is written: "12 weeks", and never "3 months" for that."""
    if isinstance(lasts, WorkingDays):
        return ngettext("{number} working day", "{number} working days", lasts.number).format(number=lasts.number)
    parts = [_counted(unit, each) for unit, each in lasts.items() if each and unit != "nanoseconds"]
    return gettext(", ").join(parts) if parts else gettext("no time")


def _counted(unit: str, number: int) -> str:
    text = {
        "years": lambda: ngettext("{number} year", "{number} years", number),
        "months": lambda: ngettext("{number} month", "{number} months", number),
        "weeks": lambda: ngettext("{number} week", "{number} weeks", number),
        "days": lambda: ngettext("{number} day", "{number} days", number),
        "hours": lambda: ngettext("{number} hour", "{number} hours", number),
        "minutes": lambda: ngettext("{number} minute", "{number} minutes", number),
        "seconds": lambda: ngettext("{number} second", "{number} seconds", number),
    }[unit]()
    return text.format(number=format_decimal(number, locale=_locale()))


def money(amount: Money, currency: str = "GBP") -> str:
    """An amount, without pence where it has none: "£2,000", "£2,000.50".

    Args:
        amount: what is shown.
        currency: its code.
    """
    locale, digits = _locale(), 2 if amount.pence % 100 else 0
    pattern = locale.currency_formats["standard"].pattern.replace(".00", ".00" if digits else "")
    if get_currency_symbol(currency, locale)[-1].isalpha():
        pattern = pattern.replace("¤#", "¤\N{NO-BREAK SPACE}#")
    return format_currency(
        Decimal(amount.pence) / 100, currency, pattern, locale=locale, currency_digits=False, numbering_system="default"
    )


def fee(pay: Pay, currency: str = "GBP") -> str:
    """What a stage pays each team: "£2,000 plus VAT", "up to £50,000".

    Args:
        pay: of the stage.
        currency: of the programme.
    """
    text = {
        (True, Vat.NONE): "{amount}",
        (True, Vat.ADDED): gettext("{amount} plus VAT"),
        (True, Vat.INCLUDED): gettext("{amount} including VAT"),
        (False, Vat.NONE): gettext("up to {amount}"),
        (False, Vat.ADDED): gettext("up to {amount} plus VAT"),
        (False, Vat.INCLUDED): gettext("up to {amount} including VAT"),
    }[pay.fixed is not None, pay.vat]
    return text.format(amount=money(pay.most, currency))


def number(value: float | Decimal) -> str:
    """A number: "12,500"."""
    return format_decimal(value, locale=_locale())


def _locale() -> Locale:
    return _locale_of(spoken().code)


@cache
def _locale_of(code: str) -> Locale:
    """What Babel knows of a language. English is that of Britain: its days come before its months."""
    if code == "en":
        code = "en-GB"
    try:
        return Locale.parse(code, sep="-")
    except (UnknownLocaleError, ValueError):
        return Locale.parse("en-GB", sep="-")


def outcome(ended: str) -> str:
    """How a challenge ended, such as "completed"."""
    return {
        Outcome.COMPLETED: gettext("completed"),
        Outcome.NO_AWARD: gettext("no award"),
        Outcome.DISCONTINUED: gettext("discontinued"),
        Outcome.CANCELLED: gettext("cancelled"),
    }[Outcome(ended)]


FILTERS: Mapping[str, Callable[..., str]] = {
    each.__name__: each for each in (day, moment, deadline, when, until, duration, money, fee, number, outcome)
} | {"size": spoken_size}
"""By the names under which templates use them."""
