// In a page: `souqLook` lists what is wrong with a document; `souqRead` fetches pages, parses each
// and looks at it.
(() => {
  const MARK = "souq-hit";
  const TAGS = new Set(("a abbr article aside b bdi bdo blockquote body br button canvas caption code " +
    "col colgroup datalist dd del details dialog div dl dt em fieldset figcaption figure footer form " +
    "h1 h2 h3 h4 h5 h6 head header hr html i input kbd label legend li link main mark menu meta meter " +
    "nav noscript ol optgroup option output p path pre progress q rect line circle text g polyline " +
    "polygon ellipse tspan title defs marker clippath desc s samp script section select small span " +
    "strong sub summary sup svg table tbody td textarea tfoot th thead time tr u ul var search").split(" "));
  const ADDRESSES = new Set(["href", "src", "action", "formaction", "xlink:href", "poster", "data",
    "data-stream", "hx-get", "hx-post", "ping", "srcset"]);
  // Where words may stand in an attribute without doing anything.
  const QUIET = new Set(["title", "value", "data-copy", "aria-label", "alt", "placeholder", "datetime",
    "content", "data-confirm", "data-series", "hx-vals", "data-points", "data-text", "data-head", "data-sum", "label"]);
  // Signs that nobody sees and that turn a line around; pages show a mark in their place.
  const TURNS = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/;
  window.souqLook = (root, at) => {
    const wrong = [];
    const say = (one, what) => wrong.push(`${at}: ${what}: ${one.outerHTML.slice(0, 200)}`);
    for (const one of root.querySelectorAll("*")) {
      const tag = one.tagName.toLowerCase();
      if (!TAGS.has(tag)) say(one, "a tag of no template");
      if (tag === "script") {
        const src = one.getAttribute("src");
        const isJson = one.type === "application/json";
        if (!isJson && (!src || !new URL(src, location).pathname.includes("/static/"))) say(one, "a script");
        if (!isJson && one.textContent.trim()) say(one, "a script with text");
        continue;
      }
      if (tag === "meta" && one.httpEquiv) say(one, "a meta that acts");
      if (tag === "form" && one.getAttribute("method") === "post" &&
          !/^\/(do|sign-|sessions|passkeys)/.test(new URL(one.getAttribute("action") || "", location).pathname)) say(one, "a form to elsewhere");
      // By names: a form's own field could be called `attributes`.
      for (const name of one.getAttributeNames()) {
        const value = one.getAttribute(name);
        if (name.startsWith("on")) say(one, `the handler ${name}`);
        if (name === "style" && !one.closest(".uplot, [data-chart]")) say(one, "a style");
        if (/^(data-)?hx-on/.test(name)) say(one, `the handler ${name}`);
        if (ADDRESSES.has(name)) {
          let url;
          try { url = new URL(value, location); } catch { say(one, `no address in ${name}`); continue; }
          if (url.origin !== location.origin) say(one, `${name} leads elsewhere`);
          else if (value.includes(MARK) && !/[?&/=]/.test(value)) say(one, `words in ${name}`);
        } else if (value.includes(MARK) && !QUIET.has(name)) say(one, `words in ${name}`);
        if (name.includes(MARK) || name.includes("elsewhere")) say(one, "words as a name");
      }
      for (const node of one.childNodes) {
        if (node.nodeType === 3 && TURNS.test(node.data)) say(one, "a sign that turns the line");
      }
      if (["hit", "cookie", "forms", "documentElement", "__proto__", "head", "body"].includes(one.id)) say(one, "a clobbering id");
    }
    return wrong;
  };
  window.souqBare = (text) => text.replace(/[\p{C}\ufffd\s]/gu, "");
  // What a person can come to read: text, and what stands in quiet attributes.
  const readable = (page) => souqBare([page.documentElement.textContent, ...[...page.querySelectorAll("*")]
    .flatMap((one) => one.getAttributeNames().filter((name) => QUIET.has(name)).map((name) => one.getAttribute(name)))].join(""));
  window.souqRead = async (paths, {words = [], tags = [], follow = false, each = 1000, most = 4000} = {}) => {
    const shape = (path) => path.split("?")[0].replace(/\d+/g, "0") + (path.includes("?") ? "?" : "");
    const counts = {}, seen = new Set(paths), waiting = [...paths], wrong = [], kinds = {}, statuses = {}, shown = {};
    const bareTags = tags.map((one) => [one, one.match(/souq-hit\d+\./)[0], souqBare(one)]);
    let unread = words.map((one) => [one, souqBare(one)]), read = 0;
    const one = async (path) => {
      const answer = await fetch(path, {credentials: "same-origin"});
      statuses[answer.status] = (statuses[answer.status] || 0) + 1;
      if (answer.status >= 500) wrong.push(`${path} answers ${answer.status}`);
      if (!(answer.headers.get("content-type") || "").startsWith("text/html")) return;
      const policy = answer.headers.get("content-security-policy") || "";
      if (/unsafe|\*/.test(policy) || !policy.includes("default-src 'none'")) wrong.push(`${path}: its policy is ${policy}`);
      read += 1;
      kinds[shape(path)] = (kinds[shape(path)] || 0) + 1;
      const source = await answer.text();
      const page = new DOMParser().parseFromString(source, "text/html");
      wrong.push(...souqLook(page, path));
      if (unread.length) {
        const text = souqBare(page.documentElement.textContent);
        unread = unread.filter(([, bare]) => !text.includes(bare));
      }
      // Wherever a tag's number stands, all of it must stand, as words.
      const told = bareTags.filter(([, number]) => source.includes(number));
      const text = told.length ? readable(page) : "";
      for (const [tag, , bare] of told) {
        if (text.includes(bare)) (shown[tag] ||= []).push(path);
        else wrong.push(`${path}: ${tag} does not stand there as it was written`);
      }
      if (!follow) return;
      for (const link of page.querySelectorAll("nav.menu a[href], main a[href]")) {
        const url = new URL(link.getAttribute("href"), location);
        if (url.origin !== location.origin || /^\/(docs|v1|static)\b/.test(url.pathname)) continue;
        const next = url.pathname + url.search, kind = shape(next);
        if (seen.has(next) || seen.size >= most || (counts[kind] || 0) >= each) continue;
        counts[kind] = (counts[kind] || 0) + 1;
        seen.add(next);
        waiting.push(next);
      }
    };
    const work = async () => {
      for (;;) {
        const path = waiting.shift();
        if (path === undefined) {
          if (!busy) return;
          await new Promise((done) => setTimeout(done, 5));
          continue;
        }
        busy += 1;
        try { await one(path); } catch (error) { wrong.push(`${path}: ${error}`); }
        busy -= 1;
      }
    };
    let busy = 0;
    await Promise.all([work(), work(), work(), work()]);
    return {read, kinds, statuses, shown, wrong: wrong.slice(0, 40), unread: unread.map(([one]) => one)};
  };
})();
