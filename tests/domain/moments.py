"""Days, moments, lengths of time and time zones for the rules to be tried with."""

from __future__ import annotations

from hypothesis import strategies as st
from whenever import Date, Instant


def days() -> st.SearchStrategy[Date]:
    """Days on which a round may fall."""
    return st.dates(Date(2010, 1, 1).to_stdlib(), Date(2040, 12, 31).to_stdlib()).map(Date)


_CLOCK_CHANGES = tuple(
    Instant(change)
    for change in (
        "2016-03-27T01:00Z",  # Europe/London
        "2016-10-30T01:00Z",
        "2016-03-13T07:00Z",  # America/New_York
        "2016-11-06T06:00Z",
        "2016-10-01T15:30Z",  # Australia/Lord_Howe, by half an hour
        "2016-04-02T15:00Z",
    )
)


def instants() -> st.SearchStrategy[Instant]:
    """Moments at which something may happen, to the second; often where clocks are changed."""
    anywhere = st.integers(1_262_304_000, 2_240_524_800).map(Instant.from_timestamp)
    change, seconds = st.sampled_from(_CLOCK_CHANGES), st.integers(-7200, 7200)
    return anywhere | st.builds(lambda at, away: at.add(seconds=away), change, seconds)


def lengths() -> st.SearchStrategy[int]:
    """Seconds, from none to months; often less than two hours."""
    return st.integers(0, 7200) | st.integers(0, 10**7)


def zones() -> st.SearchStrategy[str]:
    """Places with summer time, with other summer time, without."""
    return st.sampled_from(("Europe/London", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "UTC"))
