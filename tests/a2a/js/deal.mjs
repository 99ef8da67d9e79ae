// A whole deal by the JavaScript SDK: `node deal.mjs URL SELLER BINDING`, keys in BUYER and SELLER.
// Prints what was agreed on as JSON; anything unexpected is an exception.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { verifyAgentCardSignature } from "@a2a-js/sdk";
import { ClientFactory, JsonRpcTransportFactory, RestTransportFactory } from "@a2a-js/sdk/client";

const [, , url, seller, binding] = process.argv;
const INPUT_REQUIRED = 6;
const COMPLETED = 3;

function speakingWith(key) {
  return (resource, init = {}) => {
    const headers = new Headers(init.headers);
    headers.set("authorization", `Bearer ${key}`);
    return fetch(resource, { ...init, headers });
  };
}

async function clientFor(key, path) {
  const options = { fetchImpl: speakingWith(key) };
  const factory = new ClientFactory({
    transports: [new JsonRpcTransportFactory(options), new RestTransportFactory(options)],
    preferredTransports: [binding],
    clientConfig: { polling: true },
  });
  return factory.createFromUrl(url, path);
}

function sent(parts, taskId = "") {
  const message = {
    messageId: randomUUID(),
    role: 1,
    parts: parts.map((part) => ({ metadata: undefined, filename: "", mediaType: "", ...part })),
    taskId,
    contextId: "",
    extensions: [],
    referenceTaskIds: [],
    metadata: undefined,
  };
  return { tenant: "", message, configuration: undefined, metadata: undefined };
}

const text = (value) => ({ content: { $case: "text", value } });
const data = (value) => ({ content: { $case: "data", value } });
const dataIn = (holder) => holder.parts.find((part) => part.content.$case === "data").content.value;
const standingIn = (task) => dataIn(task.status.message);
const nextOf = (task, verb) => standingIn(task).next.find((act) => act.verb === verb);

const { keys } = await (await fetch(`${url}/.well-known/jwks.json`)).json();
const card = `/a2a/${seller}/.well-known/agent-card.json`;
const published = await (await fetch(url + card)).json();
const verify = verifyAgentCardSignature(async (kid) => keys.find((key) => key.kid === kid));
await verify(published);
await assert.rejects(verify({ ...published, name: "somebody else" }));

const buying = await clientFor(process.env.BUYER, card);
const selling = await clientFor(process.env.SELLER, "/.well-known/agent-card.json");

const answer = await buying.sendMessage(sent([text("How much is the brass lamp?")]));
const [quote] = dataIn(answer).quotes;
const offer = quote.next.find((act) => act.verb === "offer");
offer.price.units = 600_000_000;
const opened = await buying.sendMessage(sent([data(offer)]));

const events = buying.resubscribeTask({ tenant: "", id: opened.id });
assert.equal((await events.next()).value.payload.$case, "task");

const theirs = await selling.getTask({ tenant: "", id: opened.id, historyLength: undefined });
assert.equal(theirs.status.state, INPUT_REQUIRED);
const counter = nextOf(theirs, "counter");
counter.price.units = 800_000_000;
await selling.sendMessage(sent([data(counter)], opened.id));

const heard = (await events.next()).value.payload;
assert.equal(heard.$case, "statusUpdate");
assert.equal(heard.value.status.state, INPUT_REQUIRED);
const agreed = await buying.sendMessage(sent([data(nextOf(heard.value, "accept"))], opened.id));
const agreement = dataIn(agreed.artifacts[0]);

const due = await selling.getTask({ tenant: "", id: opened.id, historyLength: undefined });
await selling.sendMessage(sent([data(nextOf(due, "deliver"))], opened.id));
const delivered = await buying.getTask({ tenant: "", id: opened.id, historyLength: undefined });
const done = await buying.sendMessage(sent([data(nextOf(delivered, "confirm"))], opened.id));
assert.equal(done.status.state, COMPLETED);
let last;
for await (const event of events) last = event.payload;
assert.equal(last.value.status.state, COMPLETED);

console.log(JSON.stringify(agreement));
