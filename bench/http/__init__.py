"""How fast one server answers over HTTP: `make bench-http`."""
