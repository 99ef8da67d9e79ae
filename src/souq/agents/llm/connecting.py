"""Connects a model by its name, and says what is missing where that cannot be done."""

from souq.agents.llm.calls import Model, NotReady


def connect(name: str, timeout_s: float, at_once: int) -> Model:
    """Connect one model. Raises NotReady."""
    try:
        from souq.agents.llm import provider  # takes seconds, so only where a model is wanted
    except ImportError as error:
        raise NotReady(
            f"models need the extra: pip install 'souq[llm]' ({error.name} is missing)"
        ) from None
    return provider.connect(name, timeout_s=timeout_s, at_once=at_once)
