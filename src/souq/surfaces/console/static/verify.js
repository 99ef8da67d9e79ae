// Checks proofs in the page, and says line by line what holds. Nothing leaves the browser.
//
//   data-verify="record"    the proof of a record, fetched from data-url
//   data-verify="receipt"   a deal's receipt, fetched from data-url
//   data-verify="file"      either, as a file that somebody has
//   data-verify="head"      the tree head in data-head, against the one that was kept here before;
//                           data-url proves the one to begin the other
import { hex, unbase64 } from "./hashing.js";
import { verifyLater, verifyReceipt, verifyRecord } from "./proof.js";

const base = document.body.dataset.base;
const MARKS = new Map([[true, "ok"], [false, "failed"], [null, "not checked"]]);
const KINDS = new Map([[true, "ok"], [false, "bad"], [null, "warn"]]);
const SIZE_MAX = 64 * 1024 * 1024;

function made(name, text = "", kind = "") {
  const found = document.createElement(name);
  found.textContent = text;
  found.className = kind;
  return found;
}

// The market's published key: the one that a file names, where it is among them.
async function published(named) {
  if (base) return "";
  try {
    const answer = await fetch("/.well-known/souq-evidence.json");
    if (!answer.ok) return "";
    const { keys } = await answer.json();
    const found = keys.filter((one) => one.crv === "Ed25519").map((one) => hex(unbase64(one.x)));
    return found.includes(named) ? named : (found[0] ?? "");
  } catch {
    return "";
  }
}

function keyNamed(bytes) {
  try {
    return JSON.parse(new TextDecoder().decode(bytes)).head.key;
  } catch {
    return "";
  }
}

async function verified(bytes, kind) {
  const isReceipt = kind ? kind === "receipt" : new TextDecoder().decode(bytes).includes('"souq-receipt/');
  const key = await published(keyNamed(bytes));
  return (isReceipt ? verifyReceipt : verifyRecord)(bytes, key);
}

// One bit of one byte, of those that are proven: how many parts there are of which not all are
// shown, is told and no more.
function spoil(bytes) {
  const end = new TextDecoder("latin1").decode(bytes).lastIndexOf('"parts":');
  const at = Math.floor(Math.random() * (end > 0 ? end : bytes.length));
  const changed = bytes.slice();
  changed[at] ^= 1;
  const said = [bytes[at], changed[at]].map((one) => `0x${one.toString(16).padStart(2, "0")}`);
  return [changed, `Byte ${at} of ${bytes.length} was changed from ${said[0]} to ${said[1]}.`];
}

function show(place, told, before = "") {
  const good = told.checks.filter((one) => one.isOk).length;
  const ofAll = `${good} of ${told.checks.length} checks hold`;
  const [words, kind] = !told.isProven
    ? [`Not proven: ${ofAll}.`, "told bad"]
    : told.isSigned
      ? [`Proven in this browser: ${ofAll}.`, "told"]
      : [`What this browser can check holds: ${ofAll}.`, "told"];
  const verdict = made("p", [before, words].filter(Boolean).join(" "), kind);
  verdict.dataset.proven = told.isProven;
  const lines = made("ol", "", "checks");
  for (const one of told.checks) {
    const line = made("li");
    line.dataset.ok = one.isOk;
    const tag = made("span", MARKS.get(one.isOk), `tag ${KINDS.get(one.isOk)}`);
    line.append(tag, " ", made("span", one.what), " ", made("code", one.found));
    lines.append(line);
  }
  place.replaceChildren(verdict, lines);
}

function said(place, words) {
  place.replaceChildren(made("p", words, "told bad"));
}

function placeIn(section) {
  const place = made("div");
  place.setAttribute("role", "status");
  section.append(place);
  return place;
}

function offer(section) {
  const row = made("p", "", "act");
  const button = made("button", "Check in this browser");
  const label = made("label", "", "check");
  const box = made("input");
  box.type = "checkbox";
  label.append(box, " spoil one byte first");
  row.append(button, label);
  section.append(row);
  const place = placeIn(section);
  button.addEventListener("click", async () => {
    button.disabled = true;
    try {
      const answer = await fetch(section.dataset.url);
      if (!answer.ok) throw new Error(`the market answers ${answer.status}`);
      let [bytes, before] = [new Uint8Array(await answer.arrayBuffer()), ""];
      if (box.checked) [bytes, before] = spoil(bytes);
      show(place, await verified(bytes, section.dataset.verify), before);
    } catch (error) {
      said(place, `There is nothing to check: ${error.message}.`);
    } finally {
      button.disabled = false;
    }
  });
}

function takeFile(section) {
  const place = placeIn(section);
  section.querySelector("input[type=file]").addEventListener("change", async (event) => {
    const [file] = event.target.files;
    if (!file) return;
    if (file.size > SIZE_MAX) return said(place, "This file is far too long for a receipt.");
    show(place, await verified(new Uint8Array(await file.arrayBuffer()), ""), `${file.name}:`);
  });
}

function kept(name) {
  try {
    return JSON.parse(localStorage.getItem(name));
  } catch {
    return null;
  }
}

function keep(name, head) {
  try {
    localStorage.setItem(name, JSON.stringify(head));
    return " It is kept here, and checked against the next one.";
  } catch {
    return " This browser keeps nothing, so the next one will not be checked against it.";
  }
}

function forgetting(name) {
  const button = made("button", "Forget the head that was kept", "danger");
  button.addEventListener("click", () => {
    localStorage.removeItem(name);
    location.reload();
  });
  return button;
}

async function checkHead(section) {
  const place = placeIn(section);
  const head = JSON.parse(section.dataset.head);
  const name = `souq-head ${head.market}`;
  const before = kept(name);
  try {
    let answer = { first: {}, second: head, path: [] };
    if (before && before.size <= head.size) {
      const asked = await fetch(`${section.dataset.url}?first=${before.size}&second=${head.size}`);
      if (!asked.ok) throw new Error(`the market answers ${asked.status}`);
      answer = await asked.json();
    }
    const told = await verifyLater(before, answer, await published(head.key));
    show(place, told);
    const verdict = place.querySelector("[data-proven]");
    if (told.isProven) verdict.append(keep(name, answer.second));
    else if (before) {
      verdict.append(` The head of ${before.size} records stays kept.`);
      place.append(forgetting(name));
    }
  } catch (error) {
    said(place, `The head cannot be checked: ${error.message}.`);
  }
}

const BEGIN = { record: offer, receipt: offer, file: takeFile, head: checkHead };
for (const section of document.querySelectorAll("[data-verify]")) BEGIN[section.dataset.verify](section);
