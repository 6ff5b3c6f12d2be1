"""The names by which rails know the attempts of a payment."""

from __future__ import annotations


def transfer_id(payment: str, attempt: int) -> str:
    """The id of an attempt at a rail: `payment-key/attempt`, unique for ever."""
    return f"{payment}/{attempt}"


def payment_of(transfer: str) -> str:
    """The key of the payment to which a transfer belongs."""
    return transfer.rpartition("/")[0]


def challenge_of(key: str) -> str:
    """The challenge of a payment or transfer, by the key or id of either."""
    return "/".join(key.split("/")[:2])
