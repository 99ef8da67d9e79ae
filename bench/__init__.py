"""Benchmarks: what souq does in a second, beside what the disk and SQLite do in the same run."""
