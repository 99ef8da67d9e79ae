"""What may be asked about policies, and the answer it gets."""

from typing import Literal

from msgspec import Struct

from souq.core.policy import Policy
from souq.core.refusal import Fact

Result = Literal["ALLOW", "HOLD", "DENY"]


class GetPolicy(Struct, frozen=True, forbid_unknown_fields=True):
    """Give the policy in force for a scope. By whoever may set it; the market's by anybody."""

    scope: str


class ExplainCommand(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """Say which rules a command would run into, and why; nothing is carried out.

    `command` is a command as JSON, with its `type`; `agent` is who would send it. `policy`, JSON
    as well, is tried in place of the agent's own. Of the other side of a deal nothing is said.
    """

    command: str
    agent: str = ""
    policy: str = ""


class PolicyInForce(Struct, frozen=True, omit_defaults=True):
    scope: str
    policy: Policy
    digest: str = ""


class RuleSaid(Struct, frozen=True, omit_defaults=True):
    """What one rule says. Its figures are told to whoever may read its policy; a floor's never.

    `asset`: of the figures, where they are money. `facts` are what a mandate tells its agent.
    """

    result: Result
    layer: str
    rule: str
    number: int = 0
    threshold: Fact = ""
    observed: Fact = ""
    asset: str = ""
    approver: str = ""
    facts: dict[str, Fact] = {}


class Explanation(Struct, frozen=True, omit_defaults=True):
    """What rules say, the worst first; and why the command would be refused, if it would."""

    result: Result
    rules: tuple[RuleSaid, ...] = ()
    refusal: str = ""
    facts: dict[str, Fact] = {}
