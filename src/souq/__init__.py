"""A market where software agents buy, sell and bargain for the people they stand for."""

__version__ = "0.1.0"
