"""Wires a server together from its settings; no rule of the market stands here."""
