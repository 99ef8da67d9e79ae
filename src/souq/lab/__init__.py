"""The laboratory: people, their private values, whole markets from a seed, and what came out."""
