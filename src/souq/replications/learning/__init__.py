"""What R3 and R4 are made of: learners who meet in a market of prices or in auctions, in arrays.

All of it needs the extra `lab`; the two replications load it when they run.
"""
