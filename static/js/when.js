// Questions that count only for certain answers (data-when holds the condition, as domain/conditions.py writes it) are
// shown while they do. Without this they all show, and each says when it counts.
const parts = [...document.querySelectorAll("[data-when]")];
const western = (text) => text.replace(/[٠-٩۰-۹]/g, (digit) => digit.charCodeAt(0) & 15).replace("٫", ".");

function answers(name) {
  const asked = [...document.getElementsByName(name)];
  const chosen = asked.filter((control) => !["radio", "checkbox"].includes(control.type) || control.checked);
  return chosen.map((control) => control.value).filter(Boolean);
}

function number(name) {
  const text = western(answers(name)[0] ?? "").trim();
  return text === "" ? NaN : Number(text);
}

function met(condition) {
  if (condition.all) return condition.all.every(met);
  if (condition.any) return condition.any.some(met);
  if (condition.not) return !met(condition.not);
  if (condition.values) return answers(condition.field).some((answer) => condition.values.includes(answer));
  if (condition.greater) return number(condition.field) > Number(condition.greater);
  if (condition.less) return number(condition.field) < Number(condition.less);
  return answers(condition.field).length > 0;
}

function show() {
  for (const part of parts) {
    const counts = met(JSON.parse(part.dataset.when));
    part.hidden = !counts;
    for (const control of part.querySelectorAll("input, select, textarea")) control.disabled = !counts;
  }
}

document.querySelectorAll("[data-when-words]").forEach((words) => words.remove());
document.addEventListener("change", show);
show();
