"""Reads finished experiments: answers with intervals, a page, comparisons, power."""
