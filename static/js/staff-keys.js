// j and k walk the rows of a queue, Enter opens one, ? shows the keys. The page works without.
const rows = [...document.querySelectorAll("[data-rows] tbody tr")];
let at = -1;
document.addEventListener("keydown", (event) => {
  if (event.target.closest("input, textarea, select, button") || event.metaKey || event.ctrlKey || event.altKey) return;
  if (event.key === "j" || event.key === "k") {
    at = Math.max(0, Math.min(rows.length - 1, at + (event.key === "j" ? 1 : -1)));
    rows[at]?.querySelector("a")?.focus();
  } else if (event.key === "?") {
    const keys = document.getElementById("keys");
    if (keys) keys.hidden = !keys.hidden;
  }
});
