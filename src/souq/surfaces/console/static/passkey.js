// Signing in with a passkey, and adding one: see surfaces/console/passkeys.py.
import { base64, unbase64 } from "./hashing.js";

const base = document.body.dataset.base;
const text = (buffer) => base64(new Uint8Array(buffer));

function say(why) {
  const place = document.querySelector("[data-passkey-told]");
  place.textContent = why;
  place.hidden = !why;
}

async function post(path, value) {
  const answer = await fetch(base + path, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(value),
  });
  if (answer.redirected) {
    location.assign(answer.url); // signed out meanwhile
    return new Promise(() => {});
  }
  const read = await answer.json();
  if (!answer.ok) throw new Error(read.why);
  return read;
}

async function signIn(button) {
  const { options } = await post("/sign-in/passkey/options", {});
  const found = await navigator.credentials.get({
    publicKey: { ...options, challenge: unbase64(options.challenge), allowCredentials: [] },
  });
  const { clientDataJSON, authenticatorData, signature, userHandle } = found.response;
  return post("/sign-in/passkey", {
    back: button.dataset.to,
    credential: {
      id: found.id,
      rawId: text(found.rawId),
      type: found.type,
      response: {
        clientDataJSON: text(clientDataJSON),
        authenticatorData: text(authenticatorData),
        signature: text(signature),
        userHandle: userHandle ? text(userHandle) : null,
      },
    },
  });
}

async function add(button) {
  const csrf = button.dataset.csrf;
  const { token, options } = await post("/sessions/passkey/options", { csrf });
  const made = await navigator.credentials.create({
    publicKey: {
      ...options,
      challenge: unbase64(options.challenge),
      user: { ...options.user, id: unbase64(options.user.id) },
      excludeCredentials: options.excludeCredentials.map((one) => ({ ...one, id: unbase64(one.id) })),
    },
  });
  const { clientDataJSON, attestationObject } = made.response;
  return post("/sessions/passkey", {
    csrf,
    token,
    name: document.querySelector("[data-passkey-name]").value,
    credential: {
      id: made.id,
      rawId: text(made.rawId),
      type: made.type,
      response: { clientDataJSON: text(clientDataJSON), attestationObject: text(attestationObject) },
    },
  });
}

const acts = { "sign-in": signIn, add };

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-passkey]");
  if (!button) return;
  say("");
  if (!window.PublicKeyCredential) {
    say("This browser knows no passkeys.");
    return;
  }
  button.disabled = true;
  try {
    location.assign((await acts[button.dataset.passkey](button)).to);
  } catch (error) {
    const isCancelled = error.name === "NotAllowedError" || error.name === "AbortError";
    const isKnown = error.name === "InvalidStateError";
    say(isCancelled ? "Nothing was done." : isKnown ? "This device has a passkey for you already." : error.message);
    button.disabled = false;
  }
});
