"""The auditor's own list of the house's duties: who was attested, listed, erased, or heard."""

from tests.laws.audit_money import Json, need

KINDS = {
    "PrincipalAttested",
    "AttestationRevoked",
    "AgentDescribed",
    "DenyListLoaded",
    "PrincipalScreened",
    "TermsPublished",
    "TermsAdopted",
    "SummaryConfirmed",
    "LegalHoldSet",
    "PrincipalErased",
    "ReviewAsked",
    "ReviewAnswered",
}
OPERATORS = {
    "AttestPrincipal",
    "RevokeAttestation",
    "PublishTerms",
    "SetLegalHold",
    "ErasePrincipal",
    "AnswerReview",
}


class House:
    """Sees whole records; `principals` is the auditor's list of agents."""

    def __init__(self, principals: dict[str, str]) -> None:
        self.principals = principals
        self.terms = ""
        self.adopted: dict[str, str] = {}
        self.listed: set[str] = set()
        self.held: set[str] = set()
        self.erased: set[str] = set()
        self.running: dict[str, set[str]] = {}  # by contract: the principals in it
        self.reviews: dict[str, str] = {}

    def see(self, actor: str, command: Json, events: list[Json]) -> None:
        """Read one accepted record."""
        kind = command["type"]
        may = kind not in OPERATORS or actor == "operator"
        need(may, "house", f"{actor} gives {kind}")
        for event in events:
            self._event(actor, event)

    def _event(self, actor: str, event: Json) -> None:
        match event["type"]:
            case "TermsPublished":
                self.terms = event["terms"]
            case "TermsAdopted":
                need(event["principal"] == actor, "house", f"{actor} adopts for another")
                need(event["terms"] == self.terms, "house", "terms that do not stand are adopted")
                self.adopted[actor] = event["terms"]
            case "DenyListLoaded":
                self.listed = set(event.get("principals", []))
            case "LegalHoldSet":
                change = self.held.add if event["is_held"] else self.held.discard
                change(event["principal"])
            case "PrincipalErased":
                principal = event["principal"]
                need(principal not in self.held, "house", f"{principal} is erased under a hold")
                inside = [id for id, who in self.running.items() if principal in who]
                need(not inside, "house", f"{principal} is erased amid {inside}")
                self.erased.add(principal)
            case "ReviewAsked":
                speaker = self.principals.get(actor, actor)
                need(event["principal"] == speaker, "house", f"{actor} asks for another")
                self.reviews[event["review"]] = speaker
            case "ReviewAnswered":
                asked = self.reviews.pop(event["review"], "")
                need(asked == event["principal"], "house", "a review is answered twice")
            case "AgreementReached":
                self._agreed(event)
            case "ContractFulfilled" | "ContractCancelled" | "RulingMade":
                self.running.pop(event["contract"], None)
            case _:
                pass

    def _agreed(self, event: Json) -> None:
        who = {self.principals[party] for party in event["agreement"]["parties"]}
        need(event.get("terms", "") == self.terms, "house", "a deal under other terms")
        if self.terms:
            late = [one for one in sorted(who) if self.adopted.get(one) != self.terms]
            need(not late, "house", f"{late} is bound and has not adopted the terms")
        need(not who & self.listed, "house", f"{sorted(who & self.listed)} is listed and bound")
        need(not who & self.erased, "house", f"{sorted(who & self.erased)} is erased and bound")
        self.running[event["contract"]] = who
