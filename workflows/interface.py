"""What others know of the workflows: their names, ids, task queue and search attributes."""

from __future__ import annotations

from temporalio.common import SearchAttributeKey

TASK_QUEUE = "challenges"

CHALLENGE = "ChallengeWorkflow"
PAYMENT = "PaymentWorkflow"
DELIVERY = "DeliveryWorkflow"

NOTICES = "notices"
"""Id of the one workflow that sends notices, for the whole service."""

RETRY = "retry"
"""Update of both workflows: what needs attention is tried again."""
STATE = "state"
"""Query: all that is known of the challenge."""
RENEW = "renew"
"""Signal: the challenge or payment goes on in a fresh run, on the newest build, with the same deadlines."""
PAYMENT_CHANGED = "payment_changed"
"""Signal of a payment to its challenge: its key, and "settled" or "cancelled"."""
LEDGER_CHANGED = "ledger_changed"
"""Signal to a payment: the ledger has changed."""
WAKE = "wake"
"""Signal to the sending of notices: what waits for another try is tried now."""
SNAPSHOT = "snapshot"
"""Query of a payment: how it stands."""

NOTHING_TO_TRY = "nothing needed attention"
"""Answer to `RETRY`."""
WENT_ON = "It goes on in a fresh run: this page is of the past. See the latest execution."
"""The page of a run that was left for another."""

PROOF_HEADER = "challenge-proof"
"""Header of an update or signal: who decided, and the desk's signature; see `domain.identity.statement`."""

ROUND = SearchAttributeKey.for_keyword("Round")
SPONSOR = SearchAttributeKey.for_keyword("Sponsor")
STAGE = SearchAttributeKey.for_keyword("Stage")
WAITS_FOR = SearchAttributeKey.for_keyword("WaitsFor")
UNTIL = SearchAttributeKey.for_datetime("Until")
NEEDS_ATTENTION = SearchAttributeKey.for_bool("NeedsAttention")
OUTCOME = SearchAttributeKey.for_keyword("Outcome")
NOT_PROVEN = SearchAttributeKey.for_bool("NotProven")

SEARCH_ATTRIBUTES = (ROUND, SPONSOR, STAGE, WAITS_FOR, UNTIL, NEEDS_ATTENTION, OUTCOME, NOT_PROVEN)
"""Registered in the namespace before a worker starts; the columns of the list that staff see."""
