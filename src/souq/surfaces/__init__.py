"""Doors: each proves who speaks, parses, submits and renders; no rule of the market stands here."""
