"""How fast experiments run: bargains, crowds, cells and their analysis, beside NegMAS and Mesa."""
