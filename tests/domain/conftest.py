"""How the properties of the rules are tried: never by the clock of the machine that tries them.

HYPOTHESIS_EXAMPLES=1000 tries each with so many examples; a change of the rules deserves that.
"""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

settings.register_profile(
    "untimed",
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    max_examples=int(os.environ.get("HYPOTHESIS_EXAMPLES", "100")),
)
settings.load_profile("untimed")
