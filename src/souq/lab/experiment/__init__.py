"""Experiments: one file says all, cells are run from it, and their folders are the evidence."""
