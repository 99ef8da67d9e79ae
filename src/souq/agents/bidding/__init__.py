"""Traders for mechanisms that anybody may join. They know prices and limits, and no market."""
