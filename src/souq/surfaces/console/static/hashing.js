// What a proof is made of: canonical bytes, SHA-256, trees by RFC 9162, signatures. Bytes in, and a
// reason (Unproven) where they do not hold.
export const encoder = new TextEncoder();
export const HASH = /^[0-9a-f]{64}$/;

export class Unproven extends Error {}

export function need(holds, why) {
  if (!holds) throw new Unproven(why);
}

export function hex(bytes) {
  return Array.from(bytes, (one) => one.toString(16).padStart(2, "0")).join("");
}

export function raw(text, size = 32) {
  const isHex = typeof text === "string" && text.length === 2 * size && /^[0-9a-f]*$/.test(text);
  need(isHex, "a hash is not written in lower-case hex");
  return Uint8Array.from({ length: size }, (_, n) => parseInt(text.slice(2 * n, 2 * n + 2), 16));
}

export function unbase64(text) {
  const found = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  const bytes = Uint8Array.from(found, (sign) => sign.charCodeAt(0));
  need(base64(bytes) === text, "a text is not written in base64url");
  return bytes;
}

export function base64(bytes) {
  const text = btoa(String.fromCharCode(...bytes));
  return text.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

function joined(...parts) {
  const whole = new Uint8Array(parts.reduce((sum, one) => sum + one.length, 0));
  let at = 0;
  for (const one of parts) {
    whole.set(one, at);
    at += one.length;
  }
  return whole;
}

export async function sha(...parts) {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", joined(...parts)));
}

export const leafHash = (...content) => sha(Uint8Array.of(0), ...content);
export const nodeHash = (left, right) => sha(Uint8Array.of(1), left, right);

// Canonical bytes: keys sorted by their code points (acts: by UTF-16 units, as RFC 8785 has it),
// no white space, whole numbers that JSON keeps.
function byCodePoint(one, other) {
  const [left, right] = [Array.from(one), Array.from(other)];
  for (let n = 0; n < Math.min(left.length, right.length); n++) {
    const apart = left[n].codePointAt(0) - right[n].codePointAt(0);
    if (apart) return apart;
  }
  return left.length - right.length;
}

export function dump(value, order = byCodePoint) {
  if (Array.isArray(value)) return `[${value.map((one) => dump(one, order)).join(",")}]`;
  if (value !== null && typeof value === "object") {
    const names = Object.keys(value).sort(order);
    return `{${names.map((one) => `${JSON.stringify(one)}:${dump(value[one], order)}`).join(",")}}`;
  }
  need(typeof value !== "number" || Number.isSafeInteger(value), "a number is not a whole one");
  return JSON.stringify(value);
}

export const utf8 = (value) => encoder.encode(dump(value));

// Reads a file. What is checked below are values; that they say each byte of the file is checked here.
export function read(bytes) {
  let text, said;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    said = JSON.parse(text);
  } catch {
    throw new Unproven("it is not JSON in UTF-8");
  }
  need(said !== null && typeof said === "object", "it is no object");
  need(`${dump(said)}\n` === text, "it is not written as the market writes: a byte is another");
  return said;
}

// Where a path leads to, by RFC 9162, 2.1.3.2. Trees outgrow 32 bits, so no bit operators.
export async function rootFrom(leaf, index, size, path) {
  need(Number.isSafeInteger(index) && Number.isSafeInteger(size), "a place is no number");
  need(index >= 0 && index < size, "a proof is for a place outside its tree");
  let [number, last, found] = [index, size - 1, leaf];
  for (const one of path.map((text) => raw(text))) {
    need(last > 0, "a proof is too long");
    if (number % 2 || number === last) {
      found = await nodeHash(one, found);
      while (number && number % 2 === 0) [number, last] = [number / 2, Math.floor(last / 2)];
    } else {
      found = await nodeHash(found, one);
    }
    [number, last] = [Math.floor(number / 2), Math.floor(last / 2)];
  }
  need(last === 0, "a proof is too short");
  return found;
}

// Whether a path shows one tree to be the beginning of another, by RFC 9162, 2.1.4.2.
export async function isBeginning(first, firstRoot, second, secondRoot, path) {
  if (!(first > 0 && first <= second)) return false;
  if (first === second) return !path.length && firstRoot === secondRoot;
  let odd = first;
  while (odd % 2 === 0) odd /= 2;
  const hashes = (odd === 1 ? [firstRoot, ...path] : path).map((text) => raw(text));
  if (!hashes.length) return false;
  let [number, last] = [first - 1, second - 1];
  while (number % 2) [number, last] = [Math.floor(number / 2), Math.floor(last / 2)];
  let [old, later] = [hashes[0], hashes[0]];
  for (const one of hashes.slice(1)) {
    if (last === 0) return false;
    if (number % 2 || number === last) {
      [old, later] = [await nodeHash(one, old), await nodeHash(one, later)];
      while (number && number % 2 === 0) [number, last] = [number / 2, Math.floor(last / 2)];
    } else {
      later = await nodeHash(later, one);
    }
    [number, last] = [Math.floor(number / 2), Math.floor(last / 2)];
  }
  return last === 0 && hex(old) === firstRoot && hex(later) === secondRoot;
}

export class NotHere extends Error {} // this browser cannot check it

export async function isSigned(kind, material, signature, message) {
  const [key, how] =
    kind === "ed25519"
      ? [{ name: "Ed25519" }, { name: "Ed25519" }]
      : [{ name: "ECDSA", namedCurve: "P-256" }, { name: "ECDSA", hash: "SHA-256" }];
  let known;
  try {
    known = await crypto.subtle.importKey("raw", material, key, false, ["verify"]);
  } catch (error) {
    if (error.name === "NotSupportedError") throw new NotHere(`this browser has no ${key.name}`);
    throw new Unproven("a key is none that could have signed");
  }
  return crypto.subtle.verify(how, known, signature, message);
}

export async function needSigned(said, key, what) {
  const { signature, ...rest } = said;
  const isHere = await isSigned("ed25519", raw(key), raw(signature, 64), utf8(rest));
  need(isHere, `${what} was changed, or another key signed it`);
  return signature;
}
