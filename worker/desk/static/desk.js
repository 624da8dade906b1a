// What pages do a little better with JavaScript. Everything works without it.
"use strict";

// A choice of language shows at once; the button is for browsers without JavaScript.
for (const form of document.querySelectorAll("form.language")) {
  form.querySelector("button").hidden = true;
  form.querySelector("select").addEventListener("change", () => form.requestSubmit());
}

// What can't be taken back any more is not offered.
for (const button of document.querySelectorAll("button[data-until]")) {
  const left = new Date(button.dataset.until) - Date.now();
  setTimeout(() => { button.disabled = true; }, Math.max(0, Math.min(left, 120000)));
}

// A second tap on a slow line sends nothing twice.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.dataset.sent) { event.preventDefault(); return; }
  form.dataset.sent = "1";
  setTimeout(() => { delete form.dataset.sent; }, 8000);
});
