"""A challenge as a release of the Open Contracting Data Standard. Everything in it is public already."""

from __future__ import annotations

from collections.abc import Iterator

from whenever import Instant

from domain.programmes.pay import Pay
from domain.values.money import NOTHING, Amount, Money, total

from . import ocds
from .challenge import Paid, PublicChallenge, Selected, Shelf
from .posed import Posed
from .snapshot import StageSnapshot, TeamIn

ERASED = "Name erased"
"""The name of an organisation whose name was erased. A name that is left out would leave the old one where releases
are merged."""


def package_of(challenge: PublicChallenge, now: Instant, *, origin: str, publisher: str, prefix: str) -> ocds.Package:
    """The release package of a challenge: with one release, which is whole.

    Args:
        challenge: as the public sees it.
        now: the present.
        origin: of the web front, such as https://challenges.example.
        publisher: the name of the service.
        prefix: the prefix of the publisher's ocids, as the standard's helpdesk gives it out.
    """
    return ocds.Package(
        uri=f"{origin}/api/ocds/{challenge.id}",
        published_date=_exact(challenge.changed(now)),
        publisher=ocds.Publisher(name=publisher, uri=origin),
        releases=(release_of(challenge, now, origin=origin, prefix=prefix),),
    )


def release_of(challenge: PublicChallenge, now: Instant, *, origin: str, prefix: str) -> ocds.Release:
    """All that is public of a challenge, as one release; see `package_of`."""
    posed = challenge.posed
    awards = tuple(_awards(challenge))
    contracts = tuple(_contracts(challenge))
    has_begun = any(each.implementation is not None for each in contracts)
    tags = ("planning", "tender", *(("award", "contract") if awards else ()), *(("implementation",) * has_begun))
    return ocds.Release.model_validate(
        {
            "ocid": ocid_of(challenge.id, prefix),
            "id": challenge.version,
            "date": _exact(challenge.changed(now)),
            "tag": tags,
            "language": posed.language,
            "parties": tuple(_parties(challenge)),
            "buyer": _sponsor(posed),
            "planning": _planning(posed),
            "tender": _tender(challenge, now, origin, prefix),
            "awards": awards or None,
            "contracts": contracts or None,
        }
    )


def ocid_of(challenge: str, prefix: str) -> str:
    """The identifier of a challenge for all time. No name of a round or a challenge has a dot, so none is another's.

    Args:
        challenge: its id.
        prefix: of the publisher.
    """
    return f"{prefix}-{challenge.replace('/', '.')}"


def _exact(at: Instant) -> str:
    """A moment in UTC with all its digits: tools sort the dates of releases as text."""
    return at.format_iso(unit="microsecond")


def _sponsor(posed: Posed) -> ocds.Reference:
    return ocds.Reference(id=posed.sponsor, name=posed.sponsor_name)


def _team(challenge: PublicChallenge, team: str) -> ocds.Reference:
    name = challenge.selected.get(team, Selected(id=team, organisation="")).organisation
    return ocds.Reference(id=team, name=name or ERASED)


def _parties(challenge: PublicChallenge) -> Iterator[ocds.Party]:
    posed = challenge.posed
    contact = ocds.ContactPoint(email=posed.contact) if posed.contact else None
    roles = ("buyer", "procuringEntity", "payer")
    yield ocds.Party(id=posed.sponsor, name=posed.sponsor_name, roles=roles, contact_point=contact)
    paid = {each.team for each in challenge.paid}
    suppliers = {team.id for _, team in _teams(challenge)}
    for team in challenge.snapshot.selected:
        does = ("tenderer", *(("supplier",) * (team in suppliers)), *(("payee",) * (team in paid)))
        yield ocds.Party(**_team(challenge, team).model_dump(), roles=does)


def _planning(posed: Posed) -> ocds.Planning:
    expected = _fees(posed, [(stage.target, stage.pay) for stage in posed.stages])
    budget = ocds.Budget(description=f"{posed.programme_title}: {posed.round_title}", amount=expected)
    return ocds.Planning(rationale=posed.background or None, budget=budget)


def _fees(posed: Posed, teams: list[tuple[int, Pay | None]]) -> ocds.Sum | None:
    """What so many teams are paid at most, with VAT; None if nobody is paid."""
    fees = (Money(pay.amount_of(pay.most).gross.pence * number) for number, pay in teams if pay is not None)
    found = total(fees)
    return None if found == NOTHING else _sum(found, posed)


def _sum(money: Money, posed: Posed) -> ocds.Sum:
    return ocds.Sum(amount=money.pence / 100, currency=posed.currency)


def _due(award: Amount | None, posed: Posed) -> ocds.Sum | None:
    return None if award is None else _sum(award.gross, posed)


def _tender(challenge: PublicChallenge, now: Instant, origin: str, prefix: str) -> ocds.Tender:
    posed, page = challenge.posed, f"{origin}/challenges/{challenge.id}"
    criteria = [
        f"{stage.title}: {', '.join(criterion.weighed for criterion in stage.scorecard.criteria)}"
        for stage in posed.stages
        if stage.scorecard is not None
    ]
    return ocds.Tender.model_validate(
        {
            "id": ocid_of(challenge.id, prefix),
            "title": posed.question,
            "description": posed.background or None,
            "status": _status(challenge, now),
            "procuring_entity": _sponsor(posed),
            "value": _fees(posed, [(stage.max, stage.pay) for stage in posed.stages]),
            "procurement_method_details": posed.programme_title,
            "award_criteria": "ratedCriteria" if criteria else "qualityOnly",
            "award_criteria_details": "; ".join(criteria) or None,
            "submission_method_details": f"{page}/apply",
            "tender_period": _period(challenge.opens, challenge.closes),
            "enquiry_period": _period(challenge.opens, challenge.questions_close),
            "has_enquiries": bool(challenge.answered),
            "number_of_tenderers": challenge.snapshot.applications,
            "documents": (
                _document("page", "tenderNotice", "Challenge", page, posed),
                _document("form", "biddingDocuments", "Form and scorecards", f"{page}/form", posed),
            ),
            "milestones": tuple(_occasions(challenge)) or None,
        }
    )


def _status(challenge: PublicChallenge, now: Instant) -> str:
    """The standard's code for how far the search for teams has come."""
    if challenge.snapshot.stages:
        return "complete"
    if challenge.snapshot.outcome:
        return "unsuccessful" if challenge.snapshot.outcome == "no award" else "cancelled"
    return "planned" if challenge.shelf(now) is Shelf.COMING else "active"


def _period(begins: Instant, ends: Instant) -> ocds.Period:
    return ocds.Period(start_date=begins.format_iso(), end_date=ends.format_iso())


def _document(name: str, kind: str, title: str, url: str, posed: Posed) -> ocds.Document:
    return ocds.Document(id=name, document_type=kind, title=title, url=url, format="text/html", language=posed.language)


def _occasions(challenge: PublicChallenge) -> Iterator[ocds.Milestone]:
    """Sessions before the closing, and the closings of further proposals."""
    titles = {stage.name: stage.title for stage in challenge.posed.stages}
    for number, session in enumerate(challenge.posed.engagement, start=1):
        due = session.at.format_iso()
        yield ocds.Milestone(id=f"session-{number}", title=session.title, type="engagement", due_date=due)
    for window in challenge.snapshot.windows:
        if window.stage:
            title = f"Further proposals: {titles.get(window.stage, window.stage)}"
            due = window.closes.format_iso()
            yield ocds.Milestone(id=f"{window.stage}-closes", title=title, type="assessment", due_date=due)


def _teams(challenge: PublicChallenge) -> Iterator[tuple[StageSnapshot, TeamIn]]:
    """The teams that work or are paid in a stage. A stage that only sifts awards nothing."""
    for stage in challenge.snapshot.stages:
        for team in stage.teams:
            if team.award is not None or team.ends > team.since:
                yield stage, team


def _awards(challenge: PublicChallenge) -> Iterator[ocds.Award]:
    titles = {stage.name: stage.title for stage in challenge.posed.stages}
    for stage, team in _teams(challenge):
        yield ocds.Award(
            id=f"{stage.stage}/{team.id}",
            title=titles.get(stage.stage, stage.stage),
            date=team.since.format_iso(),
            value=_due(team.award, challenge.posed),
            suppliers=(_team(challenge, team.id),),
            contract_period=_period(team.since, team.ends),
        )


def _contracts(challenge: PublicChallenge) -> Iterator[ocds.Contract]:
    titles = {stage.name: stage.title for stage in challenge.posed.stages}
    for stage, team in _teams(challenge):
        over = team.left or team.ended or challenge.snapshot.ended
        yield ocds.Contract(
            id=f"{stage.stage}/{team.id}",
            award_id=f"{stage.stage}/{team.id}",
            title=titles.get(stage.stage, stage.stage),
            status="active" if over is None else "terminated",
            period=_period(team.since, team.ends if over is None else over),
            value=_due(team.award, challenge.posed),
            implementation=_implementation(challenge, stage, team),
        )


def _implementation(challenge: PublicChallenge, stage: StageSnapshot, team: TeamIn) -> ocds.Implementation | None:
    paid = [each for each in challenge.paid if (each.stage, each.team) == (stage.stage, team.id)]
    sessions = tuple(
        ocds.Milestone(
            id=f"session-{number}",
            title="Session with citizens",
            type="delivery",
            description=f"People who took part: {session.people}",
            # A day without a time is midnight in UTC, as the standard says.
            date_met=f"{session.on.format_iso()}T00:00:00Z",
            status="met",
        )
        for number, session in enumerate(stage.sessions, start=1)
    )
    if not paid and not sessions:
        return None
    transactions = tuple(_transaction(challenge, each) for each in paid)
    return ocds.Implementation(transactions=transactions or None, milestones=sessions or None)


def _transaction(challenge: PublicChallenge, paid: Paid) -> ocds.Transaction:
    return ocds.Transaction(
        id=paid.key,
        date=paid.at.format_iso(),
        value=_sum(paid.net + paid.vat, challenge.posed),
        payer=_sponsor(challenge.posed),
        payee=_team(challenge, paid.team),
    )
