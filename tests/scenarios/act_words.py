"""The word of the little language for signed acts: a house that takes what binds only signed."""

import re

from tests.scenarios.words import RULES

RULES.append((re.compile(r"signed acts"), lambda said: {"signed_acts": True}))
