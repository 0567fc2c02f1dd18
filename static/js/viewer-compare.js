// Two documents that move together: side by side, or the second laid over the first, where what both have is black,
// what only the first has is red and what only the second has is blue.
const FIRST = "#d00000";
const SECOND = "#0050ff";
const root = document.querySelector("[data-compare]");
const [first, second] = root.querySelectorAll("[data-viewer]");

// Until viewer.js has opened both.
function opened(viewer) {
  return new Promise((done) => {
    const look = () => (viewer.pane ? done(viewer.pane) : window.setTimeout(look, 100));
    look();
  });
}

// The other shows the same part of its page; a scale of its own, since revisions are plotted on other paper sizes too.
function follow(from, to, same) {
  from.listeners.add(() => {
    if (same.moving) return;
    same.moving = true;
    if (to.page !== from.page && from.page <= to.sheets.pages) to.page = from.page;
    Object.assign(to, {
      x: (from.x / from.size.width) * to.size.width,
      y: (from.y / from.size.height) * to.size.height,
      zoom: (from.zoom * from.size.width) / to.size.width,
      turn: from.turn,
      fitted: "",
    });
    to.changed();
    same.moving = false;
  });
}

async function start() {
  root.hidden = false;
  const one = await opened(first);
  const other = await opened(second);
  document.body.classList.add("looks-closely");
  const same = { moving: false };
  follow(one, other, same);
  follow(other, one, same);
  const place = other.canvas.parentElement;
  const buttons = root.querySelectorAll("[data-way]");
  const show = (way) => {
    const over = way === "over";
    for (const button of buttons) button.setAttribute("aria-pressed", String(button.dataset.way === way));
    root.classList.toggle("compare--over", over);
    (over ? one.canvas.parentElement : place).append(other.canvas);
    one.tint = over ? FIRST : "";
    other.tint = over ? SECOND : "";
    one.resized();
    other.resized();
    one.fit();
  };
  for (const button of buttons) button.addEventListener("click", () => show(button.dataset.way));
  show("beside");
}

start();
