"""The console: people watch the market, approve, and judge, in a browser.

It is a door like the others and holds no rule. A page asks `operations` as whoever looks, and
shows the answer; a form becomes a command, and the core's no is shown as it is.
"""
