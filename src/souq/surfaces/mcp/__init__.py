"""The MCP door: the market as tools for language models. Only `server` and `door` need the SDK."""
