"""One attempt of a payment, under the name that rails know it by."""

from __future__ import annotations


def transfer_id(payment: str, attempt: int) -> str:
    """What a rail knows an attempt by: `payment-key/attempt`, unique for ever."""
    return f"{payment}/{attempt}"


def payment_of(transfer: str) -> str:
    """The key of the payment that a transfer is an attempt of."""
    return transfer.rpartition("/")[0]
