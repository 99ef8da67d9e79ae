"""The rules of the market: pure functions from a state and a command to events, or a refusal."""
