// One box that ticks all boxes of its table, and is ticked while all of them are. It appears only where scripts run.
for (const all of document.querySelectorAll("[data-choose-all]")) {
  const table = all.closest("table");
  const boxes = [...table.querySelectorAll("tbody input[type=checkbox]")];
  all.hidden = !boxes.length;
  all.addEventListener("change", () => boxes.forEach((box) => (box.checked = all.checked)));
  table.tBodies[0].addEventListener("change", () => (all.checked = boxes.every((box) => box.checked)));
}
