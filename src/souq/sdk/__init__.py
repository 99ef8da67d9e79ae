"""A market from Python: open one in memory or in a folder, let agents join, and trade."""

from souq.sdk.market import Market, Trader

__all__ = ["Market", "Trader"]
