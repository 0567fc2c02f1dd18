// Marks on the pages of a document: rectangles and points with words, lengths and areas once the scale is known. Who
// may not mark sees those that are there. Everything kept is kept by the server; this draws it.
const COLOUR = "#b3261e";
const KNOWN = "#1b8354";
const NEAR = 12;
const MEASURES = ["length", "area"];

function parts(pane, points) {
  const { width, height } = pane.size;
  const part = (value, all) => Math.min(1, Math.max(0, value / all));
  return points.map(({ x, y }) => [part(x, width), part(y, height)]);
}

function inPage(pane, points) {
  const { width, height } = pane.size;
  return points.map(([across, down]) => ({ x: across * width, y: down * height }));
}

function paint(context, pane, shape, points, number, strong) {
  const line = 2 / pane.zoom;
  context.lineWidth = strong ? line * 2 : line;
  context.strokeStyle = MEASURES.includes(shape) || shape === "scale" ? KNOWN : COLOUR;
  context.fillStyle = context.strokeStyle;
  context.beginPath();
  if (shape === "rectangle" && points.length > 1) {
    const [one, other] = points;
    context.rect(one.x, one.y, other.x - one.x, other.y - one.y);
  } else if (shape === "point") {
    context.arc(points[0].x, points[0].y, 9 / pane.zoom, 0, 2 * Math.PI);
  } else {
    points.forEach(({ x, y }, at) => (at ? context.lineTo(x, y) : context.moveTo(x, y)));
    if (shape === "area" && points.length > 2) context.closePath();
  }
  context.stroke();
  if (number) {
    context.font = `bold ${14 / pane.zoom}px sans-serif`;
    context.fillText(String(number), points[0].x + 4 / pane.zoom, points[0].y - 5 / pane.zoom);
  }
}

// In metres, or square metres, of pixels of the page.
function measure(shape, points, metres) {
  if (shape !== "area") {
    return (
      points.slice(1).reduce((sum, { x, y }, at) => sum + Math.hypot(x - points[at].x, y - points[at].y), 0) * metres
    );
  }
  const around = points.map((point, at) => [point, points[(at + 1) % points.length]]);
  const twice = around.reduce((sum, [one, next]) => sum + one.x * next.y - next.x * one.y, 0);
  return (Math.abs(twice) / 2) * metres * metres;
}

class Marks {
  constructor(root, pane) {
    Object.assign(this, { root, pane, marks: [], drawn: null, shape: "", scales: new Map() });
    this.find = (name) => root.querySelector(`[data-${name}]`);
    this.panel = this.find("mark-list");
    pane.overlays.push((context) => this.paint(context));
    for (const button of root.querySelectorAll("[data-tool]")) {
      button.addEventListener("click", () =>
        this.choose(button.dataset.tool === this.shape ? "" : button.dataset.tool),
      );
    }
    for (const button of root.querySelectorAll("[data-cancel]"))
      button.addEventListener("click", () => this.choose(""));
    this.find("mark-form")?.addEventListener("submit", (event) => this.keep(event));
    this.find("scale-form")?.addEventListener("submit", (event) => this.setScale(event));
    root.addEventListener("keydown", (event) => event.key === "Escape" && this.shape && this.choose(""));
  }

  // Metres of a pixel of this page: as somebody set it, or as the drawing itself says.
  get metres() {
    const { page, sheets, size } = this.pane;
    const own = page === 1 && sheets.metres && size.scale ? sheets.metres / size.scale : 0;
    return this.scales.get(page) ?? own;
  }

  async load() {
    const answer = await fetch(this.root.dataset.marks, { credentials: "same-origin" });
    if (!answer.ok || answer.redirected) return;
    this.marks = (await answer.json()).marks;
    this.list();
    this.pane.draw();
  }

  words(mark) {
    const { metreWord, squareMetreWord, pageWord } = this.root.dataset;
    const unit = mark.shape === "area" ? squareMetreWord : metreWord;
    const size = mark.measured === null ? "" : `\u2066${mark.measured.toFixed(2)}\u2069 ${unit}`;
    return [size, mark.text, `${pageWord} ${mark.page}`].filter(Boolean).join(" · ");
  }

  list() {
    const rows = this.marks.map((mark, at) => {
      const row = this.find("mark-row").content.cloneNode(true).firstElementChild;
      const go = row.querySelector("[data-go]");
      go.textContent = `${at + 1}. ${this.words(mark)}`;
      if (mark.by) go.title = mark.by;
      go.addEventListener("click", () => this.goTo(mark));
      row.querySelector("[data-told]").hidden = !mark.told || !mark.by;
      const back = row.querySelector("[data-take-back]");
      back.hidden = mark.told || !this.find("mark-form");
      back.addEventListener("click", () => this.takeBack(mark));
      return row;
    });
    this.find("mark-rows").replaceChildren(...rows);
    this.panel.hidden = !rows.length && !this.shape;
  }

  goTo(mark) {
    this.chosen = mark.id;
    const [across, down] = [0, 1].map((axis) => mark.points.map((point) => point[axis]));
    const middle = (values) => (Math.min(...values) + Math.max(...values)) / 2;
    const { pane } = this;
    pane.show(mark.page);
    const span = Math.max(0.15, Math.max(...across) - Math.min(...across), Math.max(...down) - Math.min(...down));
    pane.goTo({ page: mark.page, x: middle(across), y: middle(down), zoom: (pane.zoom * 0.6) / span });
  }

  choose(shape) {
    if (MEASURES.includes(shape) && !this.metres) {
      this.choose("scale");
      this.after = shape;
      return;
    }
    this.shape = shape;
    this.after = "";
    this.drawn = null;
    for (const button of this.root.querySelectorAll("[data-tool]")) {
      button.setAttribute("aria-pressed", String(button.dataset.tool === shape));
    }
    for (const hint of this.root.querySelectorAll("[data-hint]")) hint.hidden = hint.dataset.hint !== shape;
    for (const form of [this.find("mark-form"), this.find("scale-form")]) if (form) form.hidden = true;
    this.pane.tool = shape ? this.toolOf(shape) : null;
    this.list();
    this.pane.draw();
  }

  toolOf(shape) {
    const cancel = () => {
      this.drawn = null;
    };
    if (shape === "rectangle") {
      return {
        drags: true,
        down: (point) => {
          this.drawn = [point, point];
        },
        move: (point) => {
          if (this.drawn) this.drawn[1] = point;
          this.pane.draw();
        },
        up: (_point, tapped) => (tapped ? cancel() : this.ask()),
        cancel,
      };
    }
    return { up: (point, tapped) => tapped && this.add(point) };
  }

  add(point) {
    const points = this.drawn ?? [];
    const last = points.at(-1);
    const again = last && Math.hypot(point.x - last.x, point.y - last.y) * this.pane.zoom < NEAR;
    if (!again) points.push(point);
    this.drawn = points;
    const many = { point: 1, scale: 2 }[this.shape];
    const least = this.shape === "area" ? 3 : 2;
    if (many ? points.length === many : again && points.length >= least) this.ask();
    this.pane.draw();
  }

  ask() {
    if (!this.drawn) return;
    this.pane.tool = null;
    this.page = this.pane.page;
    this.key = crypto.randomUUID?.() ?? "";
    const form = this.find(this.shape === "scale" ? "scale-form" : "mark-form");
    form.reset();
    form.hidden = false;
    this.panel.hidden = false;
    if (this.shape !== "scale") {
      const measured = MEASURES.includes(this.shape) ? measure(this.shape, this.drawn, this.metres) : null;
      this.find("measured").textContent =
        measured === null ? "" : this.words({ shape: this.shape, measured, page: this.page });
      this.find("mark-problem").hidden = true;
    }
    form.querySelector("textarea, input:not([type=hidden])").focus();
    this.pane.draw();
  }

  setScale(event) {
    event.preventDefault();
    const latin = [...event.target.querySelector("input").value].map((digit) => {
      const at = "٠١٢٣٤٥٦٧٨٩".indexOf(digit);
      return at < 0 ? digit.replace(/[٫,]/u, ".") : String(at);
    });
    const metres = Number(latin.join(""));
    const pixels = measure("length", this.drawn, 1);
    if (!(metres > 0) || !(pixels > 0)) return;
    this.scales.set(this.page, metres / pixels);
    this.choose(this.after);
  }

  async keep(event) {
    event.preventDefault();
    const form = event.target;
    const metres = MEASURES.includes(this.shape) ? this.metres : null;
    const text = form.querySelector("textarea").value;
    const place = { page: this.page, shape: this.shape, points: parts(this.pane, this.drawn), text, metres };
    const problem = await this.send(form.action, { place: JSON.stringify(place), key: this.key });
    if (!problem) {
      this.choose("");
      await this.load();
    } else {
      this.find("mark-problem").textContent = problem;
      this.find("mark-problem").hidden = false;
    }
  }

  async takeBack(mark) {
    await this.send(`${this.root.dataset.marks}${mark.id}/remove/`, {});
    await this.load();
  }

  // Empty when it was done; otherwise what to say.
  async send(address, words) {
    const token = this.find("mark-form").querySelector("[name=csrfmiddlewaretoken]").value;
    const body = new URLSearchParams({ ...words, csrfmiddlewaretoken: token });
    try {
      const answer = await fetch(address, { method: "POST", body, credentials: "same-origin" });
      if (answer.ok && !answer.redirected) return "";
      if ([409, 422].includes(answer.status)) return (await answer.json()).problems.join(" ");
    } catch {
      // the line is down: what was drawn and written stays
    }
    return this.root.dataset.failedWord;
  }

  paint(context) {
    const { pane } = this;
    this.marks.forEach((mark, at) => {
      if (mark.page === pane.page) {
        paint(context, pane, mark.shape, inPage(pane, mark.points), at + 1, mark.id === this.chosen);
      }
    });
    if (this.drawn?.length && (this.page ?? pane.page) === pane.page)
      paint(context, pane, this.shape, this.drawn, 0, true);
  }
}

export async function attach(root, pane) {
  const marks = new Marks(root, pane);
  root.marks = marks;
  await marks.load();
  const chosen = marks.marks.find((mark) => String(mark.id) === root.dataset.chosen);
  if (chosen && !window.location.hash.includes("zoom")) marks.goTo(chosen);
}
