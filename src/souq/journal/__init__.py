"""The journal: every command with what it caused, in one order, hashed into one chain."""
