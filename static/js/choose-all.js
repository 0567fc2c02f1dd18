// One box that ticks all boxes of its table. It appears only where scripts run.
for (const all of document.querySelectorAll("[data-choose-all]")) {
  const boxes = [...all.closest("table").querySelectorAll("tbody input[type=checkbox]")];
  all.hidden = !boxes.length;
  all.addEventListener("change", () => boxes.forEach((box) => (box.checked = all.checked)));
}
