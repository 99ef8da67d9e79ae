"""What holds for every test, wherever and however often it runs.

Tests that press Ctrl-C must be heard also where a shell has put all of this in the background.
There SIGINT is ignored, and whatever a test starts would inherit that.

Hypothesis tries the same examples every time, however slow the machine is: a change is turned away
for what it does and not by chance. `SOUQ_FULL=1` lets it draw others each time.
"""

import os
import signal

from hypothesis import HealthCheck, settings

signal.signal(signal.SIGINT, signal.default_int_handler)
settings.register_profile(
    "souq",
    deadline=None,
    derandomize=os.environ.get("SOUQ_FULL") != "1",
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("souq")
