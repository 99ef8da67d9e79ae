// The keyboard alone reaches everything: see the list that `?` shows.
const ROWS = "main .rows tbody tr, main .cells td, main .feed > li, main .queue > li, main .markets > li";
const rows = () => [...document.querySelectorAll(ROWS)].filter((row) => row.querySelector("a,button"));
let isGoing = false;

function move(step) {
  const all = rows();
  if (!all.length) return;
  const now = all.findIndex((row) => row.contains(document.activeElement));
  const next = all[Math.min(all.length - 1, Math.max(0, now + step))];
  next.querySelector("a,button").focus();
  next.scrollIntoView({ block: "nearest" });
}

function go(key) {
  document.querySelector(`.menu a[data-key="${CSS.escape(key)}"]`)?.click();
}

document.addEventListener("keydown", (event) => {
  const isTyping = event.target.matches("input,textarea,select");
  if (isTyping || event.ctrlKey || event.metaKey || event.altKey) {
    if (event.key === "Escape") event.target.blur();
    return;
  }
  if (isGoing) {
    isGoing = false;
    go(event.key.toLowerCase());
    return;
  }
  if (event.key === "g") {
    isGoing = true;
    setTimeout(() => (isGoing = false), 1500);
  } else if (event.key === "/") {
    const field = document.querySelector("[data-search]");
    if (!field) return;
    event.preventDefault();
    field.focus();
    field.select();
  } else if (event.key === "j") move(1);
  else if (event.key === "k") move(-1);
  else if (event.key === "p") document.dispatchEvent(new CustomEvent("souq:pause"));
  else if (event.key === "?") document.getElementById("keys").showModal();
});

// What cannot be taken back is asked about once more, and its button works once.
document.addEventListener("submit", (event) => {
  const form = event.target;
  const ask = form.dataset.confirm;
  if (ask && form.dataset.isSure !== "1") {
    event.preventDefault();
    confirmIn(form, ask);
    return;
  }
  for (const button of form.querySelectorAll("button")) setTimeout(() => (button.disabled = true), 0);
});

function confirmIn(form, question) {
  const dialog = document.createElement("dialog");
  const text = document.createElement("p");
  text.textContent = question;
  const yes = document.createElement("button");
  yes.textContent = form.querySelector("button").textContent;
  yes.className = "danger";
  const no = document.createElement("button");
  no.textContent = "No, go back";
  const line = document.createElement("p");
  line.className = "choices";
  line.append(no, yes);
  dialog.append(text, line);
  dialog.setAttribute("aria-label", question);
  yes.addEventListener("click", () => {
    form.dataset.isSure = "1";
    dialog.close();
    form.requestSubmit();
  });
  no.addEventListener("click", () => dialog.close());
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
  no.focus();
}

document.addEventListener("click", async (event) => {
  const found = event.target.closest("[data-copy]");
  if (!found || !navigator.clipboard) return;
  await navigator.clipboard.writeText(found.dataset.copy);
  found.classList.add("copied");
  setTimeout(() => found.classList.remove("copied"), 900);
});

// On a phone the menu is wider than the screen. Not by scrollIntoView, after which Tab begins there.
const current = document.querySelector(".menu [aria-current]");
if (current) current.parentElement.scrollLeft = current.offsetLeft - current.parentElement.clientWidth / 2;
