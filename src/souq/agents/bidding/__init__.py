"""How to bid where prices are made by many: one file a format."""
