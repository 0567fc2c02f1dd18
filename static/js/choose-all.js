// One box that ticks all boxes of the table below it, and is ticked while all are. It appears only where scripts run.
for (const all of document.querySelectorAll("[data-choose-all]")) {
  const boxes = [...all.form.querySelectorAll("tbody input[type=checkbox]")];
  all.closest("label").hidden = !boxes.length;
  all.addEventListener("change", () => boxes.forEach((box) => (box.checked = all.checked)));
  for (const box of boxes) box.addEventListener("change", () => (all.checked = boxes.every((each) => each.checked)));
}
