"""How fast prices are made: each mechanism's kernel, and the same within the durable market."""
