"""An attacker with an agent's key plays against a live market, and what it gains is measured.

`scene` builds the market, `commands` makes commands of any kind from their types, `players` are the
attackers, `honest` is who trades beside them, `books` says what was lost and how much may be,
`game` plays one market, `games` many of them.
"""
