"""The A2A door: agents of any make meet, ask and bargain here. Needs the extra `a2a`."""
