"""Prints the slug of what stands on the command line; packed with the library that makes it."""

import sys

from slug import slugify  # type: ignore[import-not-found]

print(slugify(" ".join(sys.argv[1:])))
