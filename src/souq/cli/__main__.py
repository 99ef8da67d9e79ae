"""`python -m souq.cli` is `souq`."""

from souq.cli import main

main()
