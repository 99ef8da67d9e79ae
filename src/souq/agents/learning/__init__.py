"""Agents that know no theory: they try actions, and prefer those that have paid.

`QLearner` is one such agent, for any market. `QLearners` are many at once, in arrays: the same
arithmetic, for experiments of millions of periods; they need the extra `lab`.
"""
