"""Arbiters that come with souq: they judge from what is typed and verified, never from words.

To add one, write a function that gives an opinion on a case, and hand it to a `Watcher`.
"""
