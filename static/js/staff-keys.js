// Single keys of the workbench. Keys are known by their place, so an Arabic keyboard serves as well. They can be
// switched off (for speech input), and everything they do is on the page as a link or a button too.
const OFF = "staff-keys-off";
const dialog = document.getElementById("keys");
const button = document.getElementById("keys-button");
const on = document.getElementById("keys-on");

if (dialog && button) {
  button.hidden = false;
  button.addEventListener("click", () => dialog.showModal());
  on.checked = !localStorage.getItem(OFF);
  on.addEventListener("change", () => (on.checked ? localStorage.removeItem(OFF) : localStorage.setItem(OFF, "1")));
}

function walk(step) {
  const rows = [...document.querySelectorAll("[data-row]")];
  const here = rows.indexOf(document.activeElement);
  const shown = here < 0 ? rows.findIndex((row) => row.hasAttribute("aria-current")) : here;
  rows[Math.max(0, Math.min(rows.length - 1, shown + step))]?.focus();
}

function reach(key) {
  const target = [...document.querySelectorAll("[data-key]")].find((part) => part.dataset.key === key);
  if (!target) return false;
  if (target.matches("input")) target.focus();
  else target.click();
  return true;
}

document.addEventListener("keydown", (event) => {
  const typing = event.target.closest("input:not([type=checkbox]), textarea, select, [contenteditable], dialog");
  if (typing || event.metaKey || event.ctrlKey || event.altKey || !dialog) return;
  if (["?", "؟"].includes(event.key) || (event.shiftKey && event.code === "Slash")) dialog.showModal();
  else if (localStorage.getItem(OFF) || event.shiftKey) return;
  else if (event.code === "KeyJ") walk(1);
  else if (event.code === "KeyK") walk(-1);
  else if (!reach(event.code)) return;
  event.preventDefault();
});

// A link inside data-swap changes that part of the page only, so that the rest stays where it was.
document.addEventListener("click", async (event) => {
  const link = event.target.closest("[data-swap] a[href^='?']");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  const part = link.closest("[data-swap]");
  const answer = await fetch(link.href).catch(() => null);
  const fresh = answer?.ok
    ? new DOMParser().parseFromString(await answer.text(), "text/html").getElementById(part.id)
    : null;
  if (!fresh) {
    window.location.assign(link.href);
    return;
  }
  part.replaceWith(document.adoptNode(fresh));
  window.history.replaceState(null, "", link.href);
  const same = [...fresh.querySelectorAll("a[href^='?']")].find((other) => other.href === link.href);
  (same ?? fresh).focus({ preventScroll: true });
});
