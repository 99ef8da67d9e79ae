"""A model in this process: llama.cpp's own server on a port of the loopback (extra `local`)."""

from functools import cache
from typing import Any

from souq.agents.llm import weights
from souq.agents.llm.calls import NotReady

CONTEXT_TOKENS = 4_096
THREADS = 2


class Server:
    """A running server; it ends with the process."""

    def __init__(self, name: str) -> None:
        """Load a model. Raises NotReady."""
        path = weights.need(name)
        try:
            import xllamacpp
        except ImportError:
            raise NotReady("local models need the extra: pip install 'souq[local]'") from None
        # One at a time and without what is left of other prompts: repeats are equal to the byte.
        asked = xllamacpp.CommonParams()
        asked.model.path = str(path)
        asked.n_ctx = CONTEXT_TOKENS
        asked.n_gpu_layers = 0
        asked.n_parallel = 1
        asked.cpuparams.n_threads = THREADS
        asked.cache_prompt = False
        asked.cache_ram_mib = 0
        asked.hostnames = ["127.0.0.1"]
        asked.port = 0
        asked.verbosity = -1
        self._server: Any = xllamacpp.Server(asked)
        self.url = f"{self._server.listening_address}/v1"


@cache
def start(name: str) -> Server:
    """Give the server of a model, started once. Raises NotReady."""
    return Server(name)
