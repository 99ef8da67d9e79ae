// Keeps a page as the market is: one stream a page, drawn by the server, gathered there.
//
//   data-stream="/live?…"   the page's stream: on its main element
//   data-live="feed"        new lines come on top; no more than MOST stay
//   data-live="figures"     is replaced as a whole
//   data-live="series"      is told, for the charts, by the event souq:series
//   data-refresh            is loaded again when something changed
import { draw } from "./charts.js";

const MOST = 60;
const WAIT_MS = 2000; // before the page asks for its stream again; twice as long each time
const WAIT_MAX_MS = 60000;
const stream = document.querySelector("[data-stream]");
let isPaused = false;
let isStale = false;
let isLoading = false;

function put(name, html) {
  const place = document.querySelector(`[data-live="${name}"]`);
  if (!place) return;
  // What the server sends is a template's text with everything else escaped.
  const parsed = new DOMParser().parseFromString(html, "text/html").body;
  if (name === "feed") {
    const seen = new Set([...place.children].map((line) => line.dataset.seq));
    const fresh = [...parsed.children].filter((line) => !seen.has(line.dataset.seq));
    place.prepend(...fresh);
    while (place.children.length > MOST) place.lastElementChild.remove();
  } else {
    renew(place, parsed);
  }
}

// A part of the page is asked for again and put in where it stands, so that what somebody is
// typing elsewhere on the page stays.
async function refresh() {
  if (isLoading) {
    isStale = true;
    return;
  }
  // Somebody is being asked about a form that stands in the page as it is.
  if (document.querySelector("dialog[open]")) {
    isLoading = isStale = true;
    setTimeout(() => {
      isLoading = isStale = false;
      refresh();
    }, 500);
    return;
  }
  isLoading = true;
  try {
    const answer = await fetch(location.href, { headers: { "souq-refresh": "1" } });
    if (!answer.ok) return;
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    for (const place of document.querySelectorAll("[data-refresh]")) {
      const found = fresh.getElementById(place.id);
      const isBusy = place.contains(document.activeElement) && document.activeElement.matches("input,textarea,select");
      if (!found || isBusy) continue;
      renew(place, found);
    }
    document.dispatchEvent(new CustomEvent("souq:refreshed"));
  } finally {
    isLoading = false;
    if (isStale) {
      isStale = false;
      setTimeout(refresh, 500);
    }
  }
}

// What somebody opened, moved sideways or reached by keyboard is so afterwards, too.
function renew(place, fresh) {
  const all = (what) => [...place.querySelectorAll(what)];
  const opened = all("details").map((one) => one.open);
  const moved = all(".scroll").map((one) => [one.scrollLeft, one.scrollTop]);
  const back = focusIn(place);
  place.replaceChildren(...fresh.childNodes);
  if (all("details").length === opened.length) all("details").forEach((one, n) => (one.open = opened[n]));
  if (all(".scroll").length === moved.length) all(".scroll").forEach((one, n) => one.scrollTo(...moved[n]));
  back();
}

// Whoever goes through a list by keyboard stays at the same row, and the same button of it; outside
// of rows that have a name, at the same link or part, but at no button: it could be another's.
function focusIn(place) {
  const now = document.activeElement;
  const row = place.contains(now) ? now.closest("[id]") : null;
  if (!row || (row === place && now.matches("button"))) return () => {};
  const reached = "a, button, summary, [tabindex]";
  const n = [...row.querySelectorAll(reached)].indexOf(now);
  const isSame = (one) => one?.tagName === now.tagName && one.getAttribute("href") === now.getAttribute("href");
  return () => {
    const found = [...(document.getElementById(row.id)?.querySelectorAll(reached) ?? [])];
    const same = isSame(found[n]) ? found[n] : now.matches("a") && found.find(isSame);
    if (same) same.focus({ preventScroll: true });
  };
}

// The browser asks again by itself where a connection breaks, but not after an answer that is no
// stream: a market that starts anew behind a proxy, or one that has too many streams just now.
let source;
let last = ""; // the record that the page has come to

function listen(wait = WAIT_MS) {
  const url = new URL(stream.dataset.stream, location.href);
  if (last) url.searchParams.set("after", last);
  source = new EventSource(url);
  source.addEventListener("open", () => {
    say();
    if (wait > WAIT_MS) refresh();
    wait = WAIT_MS;
  });
  source.addEventListener("error", async () => {
    say("connecting …");
    if (source.readyState !== EventSource.CLOSED) return;
    if (await isTurnedAway(url)) say("ended: load the page again");
    else setTimeout(listen, wait * (0.5 + Math.random()), Math.min(2 * wait, WAIT_MAX_MS));
  });
  const on = (name, act) =>
    source.addEventListener(name, (event) => {
      last = event.lastEventId || last;
      if (!isPaused) act(event.data);
    });
  on("feed", (text) => put("feed", text));
  on("figures", (text) => put("figures", text));
  on("series", (text) => draw(JSON.parse(text)));
  on("changed", refresh);
}

async function isTurnedAway(url) {
  const asking = new AbortController();
  try {
    const { status, headers } = await fetch(url, { signal: asking.signal });
    const isStream = headers.get("content-type")?.startsWith("text/event-stream");
    return status < 500 && status !== 429 && !isStream;
  } catch {
    return false;
  } finally {
    asking.abort();
  }
}

function say(text = isPaused ? "paused" : "live") {
  const state = document.querySelector("[data-stream-state]");
  if (state) state.textContent = text;
}

if (stream) {
  listen();
  document.addEventListener("souq:pause", () => {
    isPaused = !isPaused;
    say();
    if (!isPaused) refresh();
  });
  addEventListener("pagehide", () => source.close());
}

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-pause]")) document.dispatchEvent(new CustomEvent("souq:pause"));
});

// "3 min ago" grows old on a page that stays open.
function distance(at) {
  const seconds = Math.floor(Math.abs(Date.now() - at) / 1000);
  const found = [[86400, "d"], [3600, "h"], [60, "min"], [1, "s"]].find(([size]) => seconds >= size);
  if (!found) return "now";
  const far = `${Math.floor(seconds / found[0])} ${found[1]}`;
  return at > Date.now() ? `in ${far}` : `${far} ago`;
}

if (stream && !("fixed" in document.body.dataset)) {
  setInterval(() => {
    for (const one of document.querySelectorAll("time[datetime]")) one.textContent = distance(Date.parse(one.dateTime));
  }, 5000);
}
