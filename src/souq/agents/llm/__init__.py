"""Agents that are language models: a prompt, a closed list of moves, and whoever answers.

    observation ─▶ prompt ─▶ model ─▶ one move of those that are legal ─▶ turn

The model proposes; the mandate at the market decides. Nothing here is loaded by `import souq`, and
the libraries that speak to models (extra `llm`) only when one is connected.
"""
