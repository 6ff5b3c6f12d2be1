"""How many activities each step of a challenge and of a payment takes.

The driver waits for so many finished activities, and the floor has as many. If a step of the workflows takes more or
fewer activities from now on, change the number here: a test compares the floor's history with the real one.
"""

OPENING = 1
"""Of a challenge: its window opens."""
SEALING = 1
"""Of a challenge: the window is sealed, with the notices about the sealing."""
DECISION = 1
"""Of a challenge: the announcement of the decision, with the payments that are due because of it."""
STAGE_END = 1
"""Of a challenge: the announcement that a stage is over."""
REPORT = 1
"""Of a challenge: it looks up what the ledger says of a payment that is said to be settled. Reports that come at the
same time are looked up together, so the driver waits for one before it causes the next."""
CLOSING = 1
"""Of a challenge: the announcement that everything is paid."""

REQUEST = 0
"""Of a payment, before its first wait."""
LOOK = 1
"""Of a payment, whenever its ledger has changed."""
RELEASE = 1
"""Of a payment: the update that releases the payment, gives it to its rail and notes that it is settled."""
SETTLEMENT = 0
"""Of a payment, after its release."""
