"""Views: everything anybody reads is folded from what the journal recorded."""
