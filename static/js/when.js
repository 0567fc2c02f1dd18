// Questions that count only for certain answers (data-when names the question, data-values the answers) are shown
// while they do. Without this they all show, and each says when it counts.
const parts = [...document.querySelectorAll("[data-when]")];

function show() {
  for (const part of parts) {
    const asked = [...document.getElementsByName(part.dataset.when)];
    const chosen = asked.find((control) => control.type !== "radio" || control.checked)?.value ?? "";
    const counts = part.dataset.values.split(" ").includes(chosen);
    part.hidden = !counts;
    for (const control of part.querySelectorAll("input, select, textarea")) control.disabled = !counts;
  }
}

document.querySelectorAll("[data-when-words]").forEach((words) => words.remove());
document.addEventListener("change", show);
show();
