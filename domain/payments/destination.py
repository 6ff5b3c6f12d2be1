"""Where a payment goes, and what whoever releases the payment should look at twice."""

from __future__ import annotations

from domain.values.model import Value

from .bank_account import crosses_border


class Twins(Value):
    """Other teams of a round that may be the same people.

    Args:
        same_account: ids of teams with the same bank account.
        same_firm: ids of teams with the same organisation or the same e-mail address.
    """

    same_account: tuple[str, ...] = ()
    same_firm: tuple[str, ...] = ()

    @property
    def in_words(self) -> tuple[str, ...]:
        """For people, a sentence for each kind."""
        account = f"The same bank account as {_listed(self.same_account)}." if self.same_account else ""
        firm = f"The same organisation or e-mail address as {_listed(self.same_firm)}." if self.same_firm else ""
        return tuple(sentence for sentence in (account, firm) if sentence)


def warnings(bank_country: str, currency: str, twins: Twins) -> tuple[str, ...]:
    """What whoever releases a payment should look at twice, in sentences.

    Args:
        bank_country: of the payee's account, by its two letters; empty if it is not known.
        currency: of the payment.
        twins: of the payee.
    """
    if not crosses_border(bank_country, currency):
        return twins.in_words
    return (f"A cross-border payment: the account is in another country ({bank_country}).", *twins.in_words)


def _listed(teams: tuple[str, ...], most: int = 3) -> str:
    more = f" and {len(teams) - most} more" if len(teams) > most else ""
    return ", ".join(teams[:most]) + more
