// Shows documents as tiles where the page says data-viewer: moved and enlarged by hand, wheel, touch and keys, with all
// pages as thumbnails. Without this the page shows pictures and links, which data-instead marks.
const KEYS = {
  ArrowLeft: (pane) => pane.moveBy(80, 0),
  ArrowRight: (pane) => pane.moveBy(-80, 0),
  ArrowUp: (pane) => pane.moveBy(0, 80),
  ArrowDown: (pane) => pane.moveBy(0, -80),
  Equal: (pane) => pane.zoomAt(1.3),
  NumpadAdd: (pane) => pane.zoomAt(1.3),
  Minus: (pane) => pane.zoomAt(1 / 1.3),
  NumpadSubtract: (pane) => pane.zoomAt(1 / 1.3),
  Digit0: (pane) => pane.fit("page"),
  Digit9: (pane) => pane.fit("width"),
  KeyR: (pane) => pane.turnBy(90),
  PageDown: (pane) => pane.show(pane.page + 1, pane.fitted),
  PageUp: (pane) => pane.show(pane.page - 1, pane.fitted),
  Home: (pane) => pane.show(1, pane.fitted),
  End: (pane) => pane.show(pane.sheets.pages, pane.fitted),
};
const DOES = {
  in: KEYS.Equal,
  out: KEYS.Minus,
  page: KEYS.Digit0,
  width: KEYS.Digit9,
  turn: KEYS.KeyR,
  next: KEYS.PageDown,
  previous: KEYS.PageUp,
};
const LATER = 300;

// Where the address says to look: #page=3&x=0.5&y=0.25&zoom=0.2&turn=90
function placeIn(hash) {
  const words = new URLSearchParams(hash.slice(1));
  const number = (name) =>
    words.has(name) && Number.isFinite(Number(words.get(name))) ? Number(words.get(name)) : undefined;
  const turn = number("turn");
  return {
    page: Math.round(number("page") ?? 0),
    x: number("x") ?? 0.5,
    y: number("y") ?? 0.5,
    zoom: number("zoom"),
    turn: turn === undefined ? 0 : (((Math.round(turn / 90) * 90) % 360) + 360) % 360,
  };
}

function hashOf(pane) {
  const part = (value) => String(Math.round(value * 10000) / 10000);
  const { width, height } = pane.size;
  const words = { page: pane.page };
  if (!pane.fitted) Object.assign(words, { x: part(pane.x / width), y: part(pane.y / height), zoom: part(pane.zoom) });
  if (pane.turn) words.turn = pane.turn;
  return `#${new URLSearchParams(words)}`;
}

// Small pictures of all pages, fetched as they come into sight.
function thumbnails(root, pane) {
  const list = root.querySelector("[data-thumbnails]");
  if (!list) return;
  const { sheets } = pane;
  list.hidden = sheets.pages < 2;
  if (list.hidden) return;
  const seen = new Set();
  const buttons = [];
  const paint = () => {
    for (const page of seen) {
      const canvas = buttons[page - 1].firstElementChild;
      const picture = sheets.tile(page, 0, 0, 0, 1000 + Math.abs(page - pane.page));
      if (!picture || canvas.dataset.painted) continue;
      [canvas.width, canvas.height] = [picture.width, picture.height];
      canvas.getContext("2d").drawImage(picture, 0, 0);
      canvas.dataset.painted = "1";
    }
    sheets.go();
  };
  const watcher = new IntersectionObserver(
    (entries) => {
      for (const { isIntersecting, target } of entries) {
        const page = Number(target.dataset.page);
        if (isIntersecting) seen.add(page);
        else seen.delete(page);
      }
      sheets.forgetWishes([1000, Infinity]);
      paint();
    },
    { root: list },
  );
  for (let page = 1; page <= sheets.pages; page += 1) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "board__thumbnail";
    button.dataset.page = String(page);
    const canvas = document.createElement("canvas");
    const { width, height } = sheets.size(page);
    const scale = 96 / Math.max(width, height);
    [canvas.width, canvas.height] = [Math.max(1, width * scale), Math.max(1, height * scale)];
    const label = document.createElement("span");
    label.textContent = String(page);
    button.setAttribute("aria-label", `${root.dataset.pageWord} ${page}`);
    button.append(canvas, label);
    button.addEventListener("click", () => pane.show(page, pane.fitted || "page"));
    buttons.push(button);
    watcher.observe(button);
  }
  list.replaceChildren(...buttons);
  sheets.listeners.add(paint);
  let current = null;
  pane.listeners.add(() => {
    const now = buttons[pane.page - 1];
    if (now === current) return;
    current?.removeAttribute("aria-current");
    now?.setAttribute("aria-current", "page");
    now?.scrollIntoView({ block: "nearest", inline: "nearest" });
    current = now;
  });
}

function told(root, pane) {
  const number = root.querySelector("[data-number]");
  const percent = root.querySelector("[data-percent]");
  const say = () => {
    number.value = String(pane.page);
    const { scale } = pane.size;
    // 100 % is the size on paper, 96 pixels an inch; of a picture one pixel for one.
    percent.textContent = `${Math.round(100 * pane.zoom * (scale ? (scale * 72) / 96 : 1))}%`;
    root.querySelector("[data-do=previous]").setAttribute("aria-disabled", String(pane.page <= 1));
    root.querySelector("[data-do=next]").setAttribute("aria-disabled", String(pane.page >= pane.sheets.pages));
  };
  pane.listeners.add(say);
  root.querySelector("[data-all]").textContent = String(pane.sheets.pages);
  number.max = String(pane.sheets.pages);
  number.addEventListener("change", () => pane.show(Math.round(Number(number.value)) || 1, pane.fitted || "page"));
}

function controls(root, pane) {
  for (const button of root.querySelectorAll("[data-do]")) {
    button.addEventListener("click", () => DOES[button.dataset.do]?.(pane));
  }
  root.querySelector("[data-window]")?.addEventListener("click", (event) => {
    event.preventDefault();
    const address = event.currentTarget.href + hashOf(pane);
    window.open(address, "_blank", `popup,width=${window.screen.availWidth},height=${window.screen.availHeight}`);
  });
  root.addEventListener("keydown", (event) => {
    const typing = event.target.closest("input, textarea, select");
    if (typing || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target !== pane.canvas && /^(Arrow|Page|Home|End)/.test(event.code)) return;
    const does = KEYS[event.code];
    if (!does) return;
    does(pane);
    event.preventDefault();
    event.stopPropagation();
  });
}

// The layers of a drawing, to be switched on and off.
function layers(root, pane) {
  const box = root.querySelector("[data-layers]");
  const button = root.querySelector("[data-show=layers]");
  const { sheets } = pane;
  if (!sheets.layers.length) return;
  button.hidden = false;
  button.addEventListener("click", () => {
    box.hidden = !box.hidden;
    button.setAttribute("aria-pressed", String(!box.hidden));
  });
  sheets.layers.forEach(({ name, shown }, number) => {
    const label = document.createElement("label");
    label.className = "choice";
    const tick = document.createElement("input");
    Object.assign(tick, { type: "checkbox", value: String(number), checked: shown });
    const words = document.createElement("bdi");
    words.textContent = name;
    label.append(tick, words);
    box.append(label);
  });
  box.addEventListener("change", () => {
    sheets.showLayers([...box.querySelectorAll("input:checked")].map((tick) => Number(tick.value)));
  });
}

// Where one looks stays in the address, where the document is all the page is about.
function remember(pane) {
  let timer = 0;
  pane.listeners.add(() => {
    window.clearTimeout(timer);
    timer = window.setTimeout(() => window.history.replaceState(window.history.state, "", hashOf(pane)), LATER);
  });
  window.addEventListener("hashchange", () => pane.goTo(placeIn(window.location.hash)));
}

async function start(root) {
  const data = root.dataset;
  if (data.started) return;
  data.started = "1";
  const tools = await import(data.moduleDocument);
  const { Pane } = await import(data.modulePane);
  const sheets = new tools.SheetDocument(data);
  try {
    await sheets.open();
  } catch {
    return; // what stands on the page instead stays
  }
  for (const part of document.querySelectorAll(`[data-instead="${root.id}"]`)) part.hidden = true;
  root.hidden = false;
  if ("alone" in data) document.body.classList.add("looks-closely");
  const pane = new Pane(root.querySelector("canvas"), sheets, tools);
  root.pane = pane;
  told(root, pane);
  controls(root, pane);
  thumbnails(root, pane);
  layers(root, pane);
  const asked = "alone" in data ? placeIn(window.location.hash) : { page: 0 };
  pane.resized();
  pane.goTo({ ...asked, page: asked.page || Number(data.page) || 1 });
  if ("alone" in data) remember(pane);
  for (const more of (data.modules ?? "").split(" ").filter(Boolean)) (await import(more)).attach(root, pane, tools);
  if ("alone" in data) pane.canvas.focus({ preventScroll: true });
}

function startAll() {
  for (const root of document.querySelectorAll("[data-viewer]")) start(root);
}

// A part of a page that was swapped in (swap.js, comes.js) may hold a viewer.
new MutationObserver(startAll).observe(document.body, { childList: true, subtree: true });
startAll();
