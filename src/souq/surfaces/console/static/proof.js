// Checks what a market proves, over the bytes as they came, with nothing but SHA-256 and signatures.
//
//   verifyRecord(bytes, key)             one record: docs/receipts.md, GET /v1/records/{seq}/proof
//   verifyReceipt(bytes, key)            a deal's receipt
//   verifyLater(before, answer, key)     a head that was kept, and GET /v1/consistency from there
//
// Each gives { isProven, isSigned, checks: [{ what, isOk, found }] }; `isOk` is null where this
// browser cannot check it. `key` is the market's published one in hex; "" takes the one that is
// named inside, and then says so. Written after docs/receipts.md and RFC 9162; shares no code with
// the market.
import {
  HASH, NotHere, Unproven, base64, dump, encoder, hex, isBeginning, isSigned, leafHash, need, needSigned,
  nodeHash, raw, read, rootFrom, sha, unbase64, utf8,
} from "./hashing.js";

// All checks of one file, one after the other; each is there to be read, whatever the others say.
class Checks {
  all = [];

  async line(what, check) {
    try {
      const found = await check();
      this.all.push({ what, isOk: true, found: found ?? "" });
      return found;
    } catch (error) {
      const isOk = error instanceof NotHere ? null : false;
      // A file can be anything at all: whatever breaks on it is not as the market writes.
      const isOurs = error instanceof Unproven || error instanceof NotHere;
      const found = isOurs ? error.message : `it is not of the form it should have (${error.message})`;
      this.all.push({ what, isOk, found });
      return undefined;
    }
  }

  async head(head, key) {
    await this.line(
      key ? "The tree head names the market's published key" : "The tree head names a key (compare it)",
      () => {
        need(HASH.test(head.key) && (!key || head.key === key), `it names ${head.key}`);
        return head.key;
      },
    );
    await this.line("The tree head is signed with it (Ed25519)", () => {
      need(head.type === "souq-tree-head/1", "it is of no kind that is known here");
      return needSigned(head, key || head.key, "the tree head");
    });
  }

  get told() {
    const isProven = this.all.length > 0 && this.all.every((one) => one.isOk !== false);
    return { isProven, isSigned: this.all.every((one) => one.isOk), checks: this.all };
  }
}

async function told(check) {
  const checks = new Checks();
  try {
    await check(checks);
  } catch (error) {
    checks.all.push({ what: "It has the form of a proof", isOk: false, found: error.message });
  }
  return checks.told;
}

function ordered(opened, seq) {
  let before = -1;
  for (const one of opened) {
    need(one.number > before, `the parts of record ${seq} are not in order`);
    before = one.number;
  }
}

function named(said) {
  const kind = Object.keys(said)[0];
  return kind === "event" ? said.event.type : kind;
}

/** Check one record's proof. Of an operator's copy, the place in the hash chain as well. */
export const verifyRecord = (bytes, key = "") => told((checks) => record(checks, bytes, key));

async function record(checks, bytes, key) {
  const file = await checks.line("Each byte is one that the market writes", () => {
    const said = read(bytes);
    need(said.type === "souq-record-proof/1", "it is no record's proof");
    ordered(said.opened, said.seq);
    return said;
  });
  if (!file) return;
  checks.all[0].found = `${bytes.length} bytes`;
  await checks.head(file.head, key);
  const [leaves, roots, parts] = [[], new Set(), []];
  for (const one of file.opened) {
    const what = () => {
      const said = JSON.parse(one.text);
      need(dump(said) === one.text, `part ${one.number} is not written as the market writes`);
      parts.push(said);
      return named(said);
    };
    let name = "";
    await checks.line(`Part ${one.number}`, async () => {
      name = what();
      const leaf = await leafHash(raw(one.blinding), encoder.encode(one.text));
      leaves.push(leaf);
      roots.add(hex(await rootFrom(leaf, one.number, file.parts, one.path)));
      need(roots.size === 1, "it leads to another record than the parts before it");
      return hex(leaf);
    });
    if (name) checks.all.at(-1).what += ` (${name}) leads to the record's root`;
  }
  const [root] = roots;
  await checks.line("The header says that it is this record", () => {
    const { header } = parts[0];
    const isIt = file.opened[0].number === 0 && header.seq === file.seq && header.at === file.at;
    need(isIt, `it says ${dump(header)}`);
    return root;
  });
  await checks.line(`Record ${file.seq} leads to the root of the signed tree`, async () => {
    const leaf = await leafHash(raw(root));
    const top = hex(await rootFrom(leaf, file.seq - 1, file.head.size, file.path));
    need(top === file.head.root, `it leads to ${top}`);
    return top;
  });
  if (file.body !== undefined) await chain(checks, file, parts, leaves, root);
}

// What the operator is shown: all parts, and the bytes that the chain hashes.
async function chain(checks, file, parts, leaves, root) {
  await checks.line(`All ${file.parts} parts together make the record's root`, async () => {
    need(leaves.length === file.parts, `${leaves.length} are shown`);
    let row = leaves;
    while (row.length > 1) {
      const above = [];
      for (let n = 0; n < row.length; n += 2)
        above.push(n + 1 < row.length ? await nodeHash(row[n], row[n + 1]) : row[n]);
      row = above;
    }
    need(hex(row[0]) === root, `they make ${hex(row[0])}`);
    return root;
  });
  await checks.line("The record's bytes are its parts, put together", () => {
    need(dump(whole(parts)) === file.body, "they say something else");
    return `${encoder.encode(file.body).length} bytes`;
  });
  await checks.line("SHA-256 over the hash before it and its bytes is its hash", async () => {
    const found = hex(await sha(raw(file.prev), encoder.encode(file.body)));
    need(found === file.hash, `it is ${found}`);
    return found;
  });
  await checks.line("Its part names that hash", () => {
    const { chain: named } = parts.find((one) => "chain" in one);
    need(named === file.hash, `it names ${named}`);
    return named;
  });
}

function whole(parts) {
  const found = {};
  for (const part of parts) {
    if (part.header) Object.assign(found, part.header);
    if (part.caller) Object.assign(found, part.caller);
    if (part.command) found.command = part.command;
    if (part.act) found.act = part.act;
    if (part.refusal) found.refusal = part.refusal;
    if (part.event) (found.events ??= []).push(structuredClone(part.event));
    if (part.withheld) {
      const event = found.events.at(-1);
      Object.assign(event.type === "ListingPosted" ? event.listing : event, part.withheld);
    }
  }
  if (!found.nonce) delete found.nonce;
  return found;
}

/** Check a deal's receipt: all that it says must follow from one signed tree head. */
export const verifyReceipt = (bytes, key = "") => told((checks) => receipt(checks, bytes, key));

async function receipt(checks, bytes, key) {
  const file = await checks.line("Each byte is one that the market writes", () => {
    const said = read(bytes);
    need(said.type === "souq-receipt/1", "it is no receipt of a kind that is known here");
    return said;
  });
  if (!file) return;
  checks.all[0].found = `${bytes.length} bytes`;
  await checks.head(file.head, key);
  await checks.line("The whole receipt is signed with the same key (Ed25519)", () =>
    needSigned(file, key || file.head.key, "the receipt"),
  );
  const [events, hashes, records] = [new Map(), new Map(), new Map()];
  let before = 0;
  for (const record of file.records) {
    await checks.line(`Record ${record.seq}: its open parts lead to the signed tree`, async () => {
      need(record.seq > before, "its records are not in order");
      before = record.seq;
      ordered(record.opened, record.seq);
      const [roots, parts] = [new Set(), {}];
      for (const one of record.opened) {
        const leaf = await leafHash(raw(one.blinding), utf8(one.part));
        roots.add(hex(await rootFrom(leaf, one.number, record.parts, one.path)));
        hashes.set(`${record.seq}.${one.number}`, hex(leaf));
        Object.assign(parts, one.part);
        if (one.part.event) events.set(`${record.seq}.${one.number}`, one.part.event);
      }
      need(roots.size === 1 && parts.header?.seq === record.seq, "it is not of one piece");
      records.set(record.seq, parts);
      const [root] = roots;
      const top = hex(await rootFrom(await leafHash(raw(root)), record.seq - 1, file.head.size, record.path));
      need(top === file.head.root, `it leads to ${top}`);
      return root;
    });
  }
  await checks.line("Its steps are the events shown, each naming what it follows from", () => {
    const places = file.steps.map((one) => `${one.seq}.${one.number}`);
    need(dump([...places].sort()) === dump([...events.keys()].sort()), "steps and events differ");
    let parents = [];
    file.steps.forEach((one, n) => {
      const isTied = !one.parents.length || dump(one.parents) === dump(parents);
      need(hashes.get(places[n]) === one.digest && isTied, `step ${n + 1} is loose`);
      parents = one.parents.length ? [one.digest] : [...parents, one.digest];
    });
    const agreed = [...events.values()].filter((one) => one.type === "AgreementReached");
    need(agreed.length === 1 && agreed[0].contract === file.contract, "it shows another agreement");
    return `${file.steps.length} steps`;
  });
  await checks.line("Its words are those that the records vouch for", async () => {
    const told = dump([...events.values()]);
    for (const one of file.words) {
      const digest = `s1:${hex(await sha(raw(one.salt, 16), utf8(one.text)))}`;
      need(digest === one.digest && told.includes(`"${digest}"`), "no record vouches for a text");
    }
    return `${file.words.length} texts`;
  });
  const keys = new Map();
  for (const one of events.values()) if (one.type === "KeyAdded") keys.set(one.fingerprint, one);
  for (const [seq, parts] of records)
    if (parts.act)
      await checks.line(`The command of record ${seq} is signed by who gave it`, () =>
        act(file.head.market, parts, keys),
      );
}

// A detached JWS over who asked what, of which market.
async function act(market, parts, keys) {
  const [head, signature, more] = parts.act.split("..");
  const header = JSON.parse(new TextDecoder().decode(unbase64(head)));
  const { actor, command_id } = parts.caller;
  const key = keys.get(header.kid);
  const isOwn = key && key.owner === actor && header.typ === "souq-act";
  need(isOwn && more === undefined, "it is another's");
  const said = dump({ actor, command: parts.command, command_id, market }, (a, b) => (a < b ? -1 : 1));
  const message = encoder.encode(`${head}.${base64(encoder.encode(said))}`);
  const material = Uint8Array.from(key.material.match(/../g), (one) => parseInt(one, 16));
  need(await isSigned(key.kind, material, unbase64(signature), message), "its signature does not hold");
  return header.kid;
}

/** Check a head; and, where one was kept, that its records begin those of the later head. */
export const verifyLater = (before, answer, key = "") => told((checks) => later(checks, before, answer, key));

async function later(checks, before, answer, key) {
  const { first, second, path } = answer;
  await checks.head(second, key);
  if (!before) return;
  await checks.line("The head kept in this browser is signed with the same key", async () => {
    need(before.key === second.key && before.market === second.market, `it was ${before.key}`);
    return needSigned(before, before.key, "the head that was kept");
  });
  await checks.line(`Its ${before.size} records begin the ${second.size} of today`, async () => {
    need(before.size <= second.size, "the market has fewer records than it had: its end is cut off");
    need(first.size === before.size && first.root === before.root, "the market tells it otherwise now");
    const isSame = await isBeginning(before.size, before.root, second.size, second.root, path);
    need(isSame, "the later head does not continue the earlier one: history was rewritten");
    return second.root;
  });
}
