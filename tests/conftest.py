"""Tests that press Ctrl-C must be heard also where a shell has put all of this in the background.

There SIGINT is ignored, and whatever a test starts would inherit that.
"""

import signal

signal.signal(signal.SIGINT, signal.default_int_handler)
