"""Programs that check deliveries against their criteria, and report to the market.

Nothing here is run by a server. Whoever verifies runs it, on a machine of their own.
"""
