// One box that ticks all boxes of its table, and is ticked while all are; and how many are. Where no script runs it is
// not there, and each is ticked by itself.
for (const all of document.querySelectorAll("[data-choose-all]")) {
  const table = all.closest("table") ?? all.form;
  const boxes = [...table.querySelectorAll("tbody input[type=checkbox]")];
  const count = document.querySelector("[data-chosen]");
  const show = () => {
    const chosen = boxes.filter((box) => box.checked).length;
    all.checked = chosen === boxes.length;
    if (count) count.textContent = chosen;
  };
  all.closest("label").hidden = !boxes.length;
  all.addEventListener("change", () => {
    boxes.forEach((box) => (box.checked = all.checked));
    show();
  });
  for (const box of boxes) box.addEventListener("change", show);
  show();
}
