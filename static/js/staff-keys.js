// Single keys of the workbench. Keys are known by their place, so an Arabic keyboard serves as well. They can be
// switched off (for speech input), and everything they do is on the page as a link or a button too.
const OFF = "staff-keys-off";
const dialog = document.getElementById("keys");
const button = document.getElementById("keys-button");
const on = document.getElementById("keys-on");

function remembered() {
  try {
    return !window.localStorage.getItem(OFF);
  } catch {
    return true; // a browser that stores nothing: the choice holds for this page
  }
}

if (dialog && button) {
  button.hidden = false;
  button.addEventListener("click", () => dialog.showModal());
  on.checked = remembered();
  on.addEventListener("change", () => {
    try {
      if (on.checked) window.localStorage.removeItem(OFF);
      else window.localStorage.setItem(OFF, "1");
    } catch {
      // as above
    }
  });
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
  if (target.matches("input[type=search], select")) target.focus();
  else if (target.matches("summary")) unfold(target);
  else target.click();
  return true;
}

// What is folded away opens, and one stands in its first box or on its button.
function unfold(summary) {
  summary.parentElement.open = true;
  const first = "textarea, select, input:not([type=hidden]), button, a";
  (summary.parentElement.querySelector(first) ?? summary).focus();
}

// The row one stands on is chosen, or no longer.
function choose() {
  document.activeElement?.closest("tr")?.querySelector("input[type=checkbox]")?.click();
}

document.addEventListener("keydown", (event) => {
  const typing = event.target.closest("input:not([type=checkbox]), textarea, select, [contenteditable], dialog");
  if (typing || event.metaKey || event.ctrlKey || event.altKey || !on?.checked) return;
  if (["?", "؟"].includes(event.key) || (event.shiftKey && event.code === "Slash")) dialog.showModal();
  else if (event.shiftKey) return;
  else if (event.code === "KeyJ") walk(1);
  else if (event.code === "KeyK") walk(-1);
  else if (event.code === "KeyX") choose();
  else if (!reach(event.code)) return;
  event.preventDefault();
});
