"""The auditor's own list of webhooks: who may ask for one, stop it, start it, or turn it back."""

from tests.laws.audit_money import Json, need

KINDS = {
    "AddWebhook": "WebhookAdded",
    "RemoveWebhook": "WebhookRemoved",
    "DisableWebhook": "WebhookDisabled",
    "EnableWebhook": "WebhookEnabled",
    "ReplayWebhook": "WebhookReplayed",
}
WEBHOOKS_MAX = 8


class Hooks:
    """Sees whole records; `principals` is the auditor's list of agents."""

    def __init__(self, principals: dict[str, str]) -> None:
        self.principals = principals
        self.owners: dict[str, str] = {}
        self.stopped: dict[str, str] = {}
        self.count = 0

    def see(self, actor: str, command: Json, events: list[Json]) -> None:
        """Read one accepted record."""
        told = [event for event in events if event["type"] in KINDS.values()]
        expected = KINDS.get(command["type"])
        if expected is None:
            need(not told, "webhooks", f"{command['type']} moves a webhook")
            return
        need([event["type"] for event in events] == [expected], "webhooks", f"{events} followed")
        (event,) = told
        if expected == "WebhookAdded":
            self._added(actor, command, event)
            return
        id = command["webhook"]
        need(event["webhook"] == id, "webhooks", f"{event['webhook']} was not meant")
        need(id in self.owners, "webhooks", f"{id} is none")
        owner, why = self.owners[id], self.stopped.get(id)
        match expected:
            case "WebhookRemoved":
                may = actor in ("operator", owner, self.principals.get(owner))
                del self.owners[id]
                self.stopped.pop(id, None)
            case "WebhookDisabled":
                may = actor == "operator"
                told_why = command.get("why", "failing")
                need(event["why"] == told_why, "webhooks", f"{id} is stopped for another reason")
                is_worse = (why, told_why) == ("failing", "forbidden")
                need(why is None or is_worse, "webhooks", f"{id} is stopped twice")
                self.stopped[id] = told_why
            case "WebhookEnabled":
                need(why is not None, "webhooks", f"{id} is started, and never stopped")
                may = actor == "operator" or (actor == owner and why == "failing")
                self.stopped.pop(id, None)
            case _:
                may = actor == owner
                need(why is None, "webhooks", f"{id} goes back while it is stopped")
                after = event["after"]
                need(after == command["after"] >= 0, "webhooks", f"{id} goes back to {after}")
        need(may, "authority", f"{actor} gives {owner}'s {id} the {command['type']}")

    def _added(self, actor: str, command: Json, event: Json) -> None:
        self.count += 1
        owner = event["owner"]
        need(event["webhook"] == f"H{self.count}", "webhooks", "out of order")
        need(owner == actor, "authority", f"{actor} listens as {owner}")
        is_known = actor == "operator" or actor in self.principals or actor[0] == "P"
        need(is_known, "authority", f"{actor} listens")
        types = command.get("types", [])
        asked = (command["url"], types)
        need(asked == (event["url"], event.get("types", [])), "webhooks", "another than asked for")
        need(event["url"].startswith("s1:"), "webhooks", "an address stands in the open")
        need(len(set(types)) == len(types), "webhooks", "a type comes twice")
        self.owners[event["webhook"]] = owner
        held = [id for id, one in self.owners.items() if one == owner]
        need(len(held) <= WEBHOOKS_MAX, "webhooks", f"{owner} holds {len(held)}")
