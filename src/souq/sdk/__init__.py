"""A market from Python: in this process or over HTTP, for programs that wait and that do not."""
