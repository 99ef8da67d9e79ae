"""The auditor's own reading of the ladder: who is bound in spite of it, and when it ends."""

from tests.laws.audit_money import Json, need

KINDS = frozenset({"RestrictionSet", "RestrictionAppealed", "RestrictionLapsed"})
BOUND = {"OfferMade": "by", "SwapProposed": "by", "ChannelOpened": "payer"}
SHUT = ("restrict", "human")


class Ladder:
    """Sees whole records; `principals` is the auditor's list of agents, `due` what time ends."""

    def __init__(self, principals: dict[str, str], due: dict[str, int]) -> None:
        self.principals = principals
        self.due = due
        self.rungs: dict[str, Json] = {}
        self.bound_at: dict[str, int] = {}
        self.appeals: dict[str, int] = {}

    def see(self, actor: str, command: Json, events: list[Json], at: int) -> None:
        """Read one accepted record."""
        for event in events:
            kind = event["type"]
            if kind in KINDS:
                self._move(actor, command, event, at)
            elif kind == "AgreementReached":
                for agent in event["agreement"]["parties"]:
                    self._need_free(agent, event)
            elif kind in BOUND:
                agent = event[BOUND[kind]]
                self._need_free(agent, event)
                rung = self.rungs.get(self.principals[agent], {})
                last = self.bound_at.get(self.principals[agent], 0)
                if rung.get("level") == "slow" and last >= rung["since"]:
                    pause = rung.get("pause_us", 600_000_000)
                    need(at - last >= pause, "ladder", f"{agent} is bound after {at - last}")
        for event in events:
            if event["type"] in BOUND:
                self.bound_at[self.principals[event[BOUND[event["type"]]]]] = at

    def _need_free(self, agent: str, event: Json) -> None:
        level = self.rungs.get(self.principals[agent], {}).get("level")
        need(level not in SHUT, "ladder", f"{agent} is bound on level {level}: {event['type']}")

    def _move(self, actor: str, command: Json, event: Json, at: int) -> None:
        principal, key = event["principal"], f"restriction:{event['principal']}"
        if event["type"] == "RestrictionAppealed":
            need(actor == principal, "authority", f"{actor} appeals for {principal}")
            self.appeals[principal] += 1
            need(self.appeals[principal] <= 3, "ladder", f"{principal} appeals again and again")
            return
        before = self.rungs.pop(principal, {})
        until = self.due.pop(key, None)
        if event["type"] == "RestrictionLapsed":
            need(actor == "system", "authority", f"{actor} ends a restriction")
            need(until is not None and at >= until, "ladder", f"{principal} is let go early")
            return
        is_officer = actor.startswith("O") and actor[1:].isdigit()
        need(actor == "operator" or is_officer, "authority", f"{actor} restricts {principal}")
        need(event["before"] == before.get("level", "observe"), "ladder", f"{event} after {before}")
        need(event["level"] == command["level"], "ladder", f"{event['level']} was not asked")
        self.appeals[principal] = 0
        if event["level"] != "observe":
            self.rungs[principal] = {**event, "since": at}
        if event["level"] in ("warn", "slow", "restrict"):
            self.due[key] = event["until"]
        else:
            need("until" not in event, "ladder", f"{event['level']} has an end")
