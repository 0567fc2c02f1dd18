// Numbers that make up a whole: the sum is shown while they are written. Digits of every script we read count.
const EASTERN = "٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹";
const number = (text) =>
  Number(
    text
      .replace(/[٠-٩۰-۹]/g, (digit) => EASTERN.indexOf(digit) % 10)
      .replace("٫", ".")
      .replace(/[٬\s]/g, ""),
  ) || 0;

for (const line of document.querySelectorAll("[data-sum]")) {
  const boxes = document.querySelectorAll(`[name^="${line.dataset.sum}-"][name$="-${line.dataset.number}"]`);
  const show = () => {
    const sum = [...boxes].reduce((sofar, box) => sofar + number(box.value), 0);
    line.querySelector("output").textContent = String(Math.round(sum * 100) / 100);
    line.classList.toggle("sum--whole", sum > 0 && Math.abs(sum - number(line.dataset.total)) < 0.01);
  };
  boxes.forEach((box) => box.addEventListener("input", show));
  show();
}
