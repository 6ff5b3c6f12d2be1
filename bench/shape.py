"""How many activities each step of a challenge and of a payment takes.

The driver waits for so many finished activities, and the floor has as many. If a step of the workflows takes more or
fewer activities from now on, change the number here: a test compares the floor's history with the real one.
"""

OPENING = 1
"""Of a challenge: its window opens."""
SEALING = 2
"""Of a challenge: the window is sealed, and the notices about the sealing."""
DECISION = 2
"""Of a challenge: the clock, and the announcement of the decision."""
STAGE_END = 1
"""Of a challenge: the announcement that a stage is over."""
CLOSING = 2
"""Of a challenge: the clock, and the announcement that everything is paid."""

REQUEST = 1
"""Of a payment, before its first wait."""
LOOK = 1
"""Of a payment, whenever its ledger has changed."""
RELEASE = 2
"""Of a payment: the update that releases the payment."""
SETTLEMENT = 2
"""Of a payment, after its release: to the rail, and settled."""
