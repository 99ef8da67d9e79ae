// Keeps a page as the market is: one stream a page, drawn by the server, gathered there.
//
//   data-stream="/live?…"   the page's stream: on its main element
//   data-live="feed"        new lines come on top; no more than MOST stay
//   data-live="figures"     is replaced as a whole
//   data-live="series"      is told, for the charts, by the event souq:series
//   data-refresh            is loaded again when something changed
import { draw } from "./charts.js";

const MOST = 60;
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

function listen(url) {
  const source = new EventSource(url);
  const state = document.querySelector("[data-stream-state]");
  const say = (text) => state && (state.textContent = text);
  const on = (name, act) => source.addEventListener(name, (event) => isPaused || act(event.data));
  source.addEventListener("open", () => say(isPaused ? "paused" : "live"));
  source.addEventListener("error", () => {
    const isOver = source.readyState === EventSource.CLOSED; // signed out, or turned away
    say(isOver ? "ended: load the page again" : "connecting …");
  });
  on("feed", (text) => put("feed", text));
  on("figures", (text) => put("figures", text));
  on("series", (text) => draw(JSON.parse(text)));
  on("changed", refresh);
  document.addEventListener("souq:pause", () => {
    isPaused = !isPaused;
    say(isPaused ? "paused" : "live");
    if (!isPaused) refresh();
  });
  addEventListener("pagehide", () => source.close());
}

if (stream) listen(stream.dataset.stream);

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
