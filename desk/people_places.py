"""Where a person has roles, and who is in charge of them: for what is done about the keys that they sign in with."""

from __future__ import annotations

from collections.abc import Mapping

from domain.permissions import Action, Actor, Grant, grant_for
from domain.values.addresses import mailbox_of, read_address
from domain.values.refusals import NotAllowed, NotReadable, Problem, UnknownPerson
from domain.values.wording import listed
from store.challenges import people
from store.challenges.rounds import ChallengeRow
from store.identity import terminal_keys

from .core import Core

Places = tuple[tuple[ChallengeRow, Grant], ...]
"""The challenges at which a person has a role, and the first of their roles there."""


async def mailbox_named(core: Core, person: str) -> str:
    """The mailbox of somebody who is named by id or by address.

    Raises:
        UnknownPerson: nobody has that id, or several people have it.
        NotReadable: that is no address.
    """
    if "@" in person:
        try:
            return mailbox_of(read_address(person))
        except ValueError as error:
            wrong = Problem(field="person", text=f"The address {error}.")
            raise NotReadable.for_problems([wrong]) from None
    found = await core.threads.read(terminal_keys.mailboxes_of, core.database, person)
    if not found:
        raise UnknownPerson(f"{person} has no role in any round that was opened: give the person's address.")
    if len(found) > 1:
        raise UnknownPerson(f"{person} is another person in another round: give the address, {listed(found)}.")
    return found[0]


async def places_of(core: Core, mailbox: str) -> Places:
    """Where somebody has a role, in the order in which records are locked."""
    grants = await core.threads.read(people.grants_of, core.database, mailbox)
    person = Actor(name=mailbox, grants=grants)
    found = [(row, person.roles(row.place)) for row in sorted(await core.challenges(), key=lambda row: row.id)]
    return tuple((row, roles[0]) for row, roles in found if roles)


async def allowed_at(core: Core, actor: Actor, action: Action, places: Places) -> Mapping[str, Grant]:
    """The roles that allow an actor to do something about the keys of a person, by challenge.

    Raises:
        NotAllowed, NotProven: the actor is not an operator at every challenge of the person; or, for somebody without
            any role, at none.
    """
    if places:
        return {row.id: await core.allow(actor, action, row) for row, _ in places}
    rows = await core.reach(actor, action, await core.challenges())
    grants = {row.id: grant_for(actor, action, row.place) for row in rows}
    found = {row: grant for row, grant in grants.items() if grant is not None}
    if not found:
        raise NotAllowed("No round was opened, so nobody is an operator yet: make the first key with --first.")
    return found
