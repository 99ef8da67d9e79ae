"""What can go wrong between a client and a market, beside a refusal."""


class Unreachable(Exception):
    """The market did not answer in time, however often it was asked.

    Whether a command was carried out is not known: send it again with the same id.
    """


class NotProven(Exception):
    """The market does not know who speaks: no key, a wrong one, or one that has ended."""


class BadRequest(Exception):
    """The market could not read what was sent; `status` is HTTP's."""

    def __init__(self, status: int, why: str) -> None:
        super().__init__(f"{why} (HTTP {status})")
        self.status = status
        self.why = why
