// What pages do a little better with JavaScript. Everything works without it.
"use strict";

// A choice of language shows at once on a touch screen. Arrow keys choose each language that they pass: there, the button is needed.
if (matchMedia("(pointer: coarse)").matches) {
  for (const form of document.querySelectorAll("form.language")) {
    form.querySelector("button").hidden = true;
    form.querySelector("select").addEventListener("change", () => form.requestSubmit());
  }
}

// What can't be taken back any more is not offered. Not by the clock of the phone, which may be wrong.
const limitUndo = () => {
  for (const button of document.querySelectorAll("button[data-left-s]")) {
    setTimeout(() => { button.disabled = true; }, 1000 * Number(button.dataset.leftS));
  }
};
limitUndo();

// What is to be typed elsewhere is copied, and the button says so. Browsers allow it over TLS and on this machine only.
const offerCopies = () => {
  if (!navigator.clipboard) return;
  for (const button of document.querySelectorAll("button[data-copy]")) {
    button.hidden = false;
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(button.dataset.copy);
      button.textContent = button.dataset.copied;
    });
  }
};
offerCopies();

// A second tap on a slow line sends nothing twice.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.dataset.sent) { event.preventDefault(); return; }
  form.dataset.sent = "1";
  setTimeout(() => { delete form.dataset.sent; }, 8000);
});

// A page that renews itself says so when it can't, and takes neither the focus nor the place in a table away.
const old = document.getElementById("old");
if (old) {
  const nameOf = (part) => part.getAttribute("href") ?? part.getAttribute("aria-label") ?? part.getAttribute("aria-labelledby");
  const named = (live, name) => [...live.querySelectorAll("a, input, .scroll")].find((part) => nameOf(part) === name);
  let focused = null;
  let scrolled = [];
  let tag = null;
  document.addEventListener("htmx:configRequest", (event) => {
    if (tag) event.detail.headers["If-None-Match"] = tag;
  });
  document.addEventListener("htmx:beforeRequest", (event) => {
    if (document.hidden || document.querySelector("#live input:checked")) event.preventDefault(); // ticks are not taken away
  });
  document.addEventListener("htmx:afterRequest", (event) => {
    if (!event.detail.successful) return;
    tag = event.detail.xhr.getResponseHeader("ETag");
    old.hidden = true;
  });
  document.addEventListener("visibilitychange", () => {
    const live = document.getElementById("live");
    if (live && !document.hidden) htmx.trigger(live, "renew");
  });
  for (const trouble of ["htmx:responseError", "htmx:sendError", "htmx:timeout"]) {
    document.addEventListener(trouble, () => { old.hidden = false; });
  }
  document.addEventListener("htmx:beforeSwap", (event) => {
    const live = document.getElementById("live");
    focused = live.contains(document.activeElement) ? nameOf(document.activeElement) : null;
    scrolled = [...live.querySelectorAll(".scroll")].map((part) => [nameOf(part), part.scrollLeft]);
  });
  document.addEventListener("htmx:afterSwap", () => {
    old.hidden = true;
    const live = document.getElementById("live");
    for (const [name, left] of scrolled) {
      const part = named(live, name);
      if (part) part.scrollLeft = left;
    }
    if (focused !== null) named(live, focused)?.focus({ preventScroll: true });
  });
}

// An assignee's page asks every 15 seconds, and when it is looked at again, whether it still shows how things are. What
// somebody has opened or begun to fill in is never taken away: then it only says so.
const changed = document.getElementById("changed");
if (changed) {
  const version = () => document.getElementById("main").dataset.version;
  const isBegun = () => [...document.querySelectorAll("main details, main input:not([type=hidden]), main textarea")]
    .some((part) => part.open || part.checked || (part.type !== "radio" && part.type !== "checkbox" && part.value));
  let isAsking = false;
  const ask = async () => {
    if (document.hidden || isAsking || !version()) return;
    isAsking = true;
    try {
      const answer = await fetch(location.pathname, { headers: { "If-None-Match": version() }, cache: "no-store" });
      if (answer.status === 304) changed.hidden = true; // what had changed was taken back
      if (![200, 404, 410].includes(answer.status)) return;
      const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
      const isKept = isBegun();
      changed.hidden = !isKept;
      if (isKept) return;
      document.title = fresh.title;
      document.getElementById("main").replaceWith(fresh.getElementById("main")); // of a dead link it has no version: nobody asks again
      limitUndo();
      offerCopies();
    } catch { /* the line is down: the next time */ } finally { isAsking = false; }
  };
  setInterval(ask, 15_000);
  document.addEventListener("visibilitychange", ask);
}

// A list of tickets is walked by keys, which `?` shows. They act on the ticket that has the focus: rows move when the list is renewed.
const keys = document.getElementById("keys");
if (keys) {
  const rows = () => [...document.querySelectorAll("#live tbody tr")];
  const focusedRow = () => rows().find((row) => row.contains(document.activeElement));
  const go = (by) => {
    const all = rows();
    const to = all[Math.max(0, Math.min(all.length - 1, all.indexOf(focusedRow()) + by))];
    for (const row of all) row.classList.toggle("here", row === to);
    to?.querySelector("a").focus();
  };
  const does = {
    j: () => go(1),
    k: () => go(-1),
    x: () => focusedRow()?.querySelector("input[type=checkbox]")?.click(),
    "/": () => document.getElementById("text").focus(),
    "?": () => keys.showModal(),
  };
  document.addEventListener("keydown", (event) => {
    const isTyping = event.target.closest("input:not([type=checkbox]), select, textarea, dialog");
    if (isTyping || event.ctrlKey || event.metaKey || event.altKey || !(event.key in does)) return;
    event.preventDefault();
    does[event.key]();
  });
}

// The menu is one line, which may be longer than a phone is wide: where one is, is in sight.
// Only the menu is moved: a page that opens at a field with a refusal stays there.
const here = document.querySelector(".top nav a[aria-current]");
if (here) {
  const nav = here.closest("nav");
  const [link, menu] = [here, nav].map((part) => part.getBoundingClientRect());
  nav.scrollLeft += link.left + link.width / 2 - menu.left - menu.width / 2;
}
