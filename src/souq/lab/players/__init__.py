"""Scripted agents that react to what a treatment changes, each made or wrapped by it."""
