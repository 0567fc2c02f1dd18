// One page of a document on a canvas: moved, turned and enlarged by hand. The place looked at is a point of the
// page, in its own pixels at the largest size; `zoom` is how many pixels of the screen one of them is.
const STEP = 1.3;
const CLOSEST = 8;
const TAP = 4;

export class Pane {
  constructor(canvas, sheets, { levelsOf, sizeAt, SIDE }) {
    Object.assign(this, { canvas, sheets, levelsOf, sizeAt, SIDE });
    Object.assign(this, { page: 1, x: 0, y: 0, zoom: 0, turn: 0, tint: "" });
    this.overlays = [];
    this.listeners = new Set();
    this.fingers = new Map();
    this.context = canvas.getContext("2d");
    this.tool = null;
    new ResizeObserver(() => this.resized()).observe(canvas);
    sheets.listeners.add(() => this.draw());
    canvas.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
    for (const kind of ["pointerdown", "pointermove", "pointerup", "pointercancel"]) {
      canvas.addEventListener(kind, (event) => this.finger(event));
    }
    canvas.addEventListener("dblclick", (event) => !this.tool && this.zoomAt(STEP * STEP, this.at(event)));
  }

  get size() {
    return this.sheets.size(this.page);
  }

  get box() {
    return { width: this.canvas.clientWidth, height: this.canvas.clientHeight };
  }

  get sideways() {
    return this.turn % 180 !== 0;
  }

  resized() {
    const ratio = window.devicePixelRatio || 1;
    this.canvas.width = Math.max(1, Math.round(this.box.width * ratio));
    this.canvas.height = Math.max(1, Math.round(this.box.height * ratio));
    if (this.fitted) this.fit(this.fitted);
    else this.draw();
  }

  // "page": all of it; "width": as wide as there is room.
  fit(how = "page") {
    const { width, height } = this.size;
    const [across, down] = this.sideways ? [height, width] : [width, height];
    const wide = this.box.width / across;
    this.zoom = how === "width" ? wide : Math.min(wide, this.box.height / down);
    this.x = width / 2;
    this.y = how === "width" && !this.turn ? this.box.height / 2 / this.zoom : height / 2;
    this.fitted = how;
    this.changed();
  }

  show(page, how = "page") {
    this.page = Math.max(1, Math.min(this.sheets.pages, page));
    this.fit(how);
  }

  // Look at a point of the page, given in parts of its width and height.
  goTo({ page, x, y, zoom, turn }) {
    this.page = Math.max(1, Math.min(this.sheets.pages, page));
    this.turn = turn ?? this.turn;
    this.fit();
    if (zoom) {
      this.fitted = "";
      Object.assign(this, { zoom: this.bounded(zoom), x: x * this.size.width, y: y * this.size.height });
      this.changed();
    }
  }

  bounded(zoom) {
    const { width, height } = this.size;
    const least = Math.min(this.box.width / width, this.box.height / height) / 2;
    return Math.max(least, Math.min(CLOSEST, zoom));
  }

  turnBy(degrees) {
    this.turn = (this.turn + degrees + 360) % 360;
    this.fit(this.fitted || "page");
  }

  zoomAt(factor, point = { x: this.box.width / 2, y: this.box.height / 2 }) {
    const before = this.toPage(point);
    this.zoom = this.bounded(this.zoom * factor);
    this.fitted = "";
    const after = this.toPage(point);
    this.x += before.x - after.x;
    this.y += before.y - after.y;
    this.changed();
  }

  // By so many pixels of the screen.
  moveBy(across, down) {
    const here = this.toPage({ x: this.box.width / 2 - across, y: this.box.height / 2 - down });
    this.x = Math.max(0, Math.min(this.size.width, here.x));
    this.y = Math.max(0, Math.min(this.size.height, here.y));
    this.fitted = "";
    this.changed();
  }

  toPage({ x, y }) {
    const angle = (-this.turn * Math.PI) / 180;
    const [across, down] = [(x - this.box.width / 2) / this.zoom, (y - this.box.height / 2) / this.zoom];
    return {
      x: this.x + across * Math.cos(angle) - down * Math.sin(angle),
      y: this.y + across * Math.sin(angle) + down * Math.cos(angle),
    };
  }

  toScreen({ x, y }) {
    const angle = (this.turn * Math.PI) / 180;
    const [across, down] = [(x - this.x) * this.zoom, (y - this.y) * this.zoom];
    return {
      x: this.box.width / 2 + across * Math.cos(angle) - down * Math.sin(angle),
      y: this.box.height / 2 + across * Math.sin(angle) + down * Math.cos(angle),
    };
  }

  changed() {
    for (const listener of this.listeners) listener(this);
    this.draw();
  }

  // Of the page, in its pixels: what can be seen now.
  visible() {
    const corners = [
      { x: 0, y: 0 },
      { x: this.box.width, y: 0 },
      { x: 0, y: this.box.height },
      { x: this.box.width, y: this.box.height },
    ].map((corner) => this.toPage(corner));
    const [xs, ys] = [corners.map((corner) => corner.x), corners.map((corner) => corner.y)];
    const { width, height } = this.size;
    return {
      left: Math.max(0, Math.min(...xs)),
      right: Math.min(width, Math.max(...xs)),
      top: Math.max(0, Math.min(...ys)),
      bottom: Math.min(height, Math.max(...ys)),
    };
  }

  draw() {
    if (this.waiting || !this.sheets.pages) return;
    this.waiting = true;
    window.requestAnimationFrame(() => {
      this.waiting = false;
      this.paint();
    });
  }

  place(context) {
    const ratio = this.canvas.width / Math.max(1, this.box.width);
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.translate(this.box.width / 2, this.box.height / 2);
    context.rotate((this.turn * Math.PI) / 180);
    context.scale(this.zoom, this.zoom);
    context.translate(-this.x, -this.y);
  }

  paint() {
    const { context } = this;
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, this.canvas.width, this.canvas.height);
    this.place(context);
    context.fillStyle = "#fff";
    context.fillRect(0, 0, this.size.width, this.size.height);
    this.sheets.forgetWishes([-1, 1000]);
    this.paintTiles(context);
    if (this.tint) this.colour(context);
    this.sheets.go();
    for (const overlay of this.overlays) overlay(context, this);
  }

  // What is black on the page takes this colour; white stays white.
  colour(context) {
    context.globalCompositeOperation = "lighten";
    context.fillStyle = this.tint;
    context.fillRect(0, 0, this.size.width, this.size.height);
    context.globalCompositeOperation = "source-over";
  }

  // Every tile that can be seen, or what there is of it already in coarser ones.
  paintTiles(context) {
    const most = this.levelsOf(this.size);
    const ratio = this.canvas.width / Math.max(1, this.box.width);
    const level = Math.max(0, Math.min(most, most + Math.ceil(Math.log2(this.zoom * ratio) - 0.2)));
    const side = this.SIDE * 2 ** (most - level);
    const seen = this.visible();
    const [column, row] = [Math.floor(seen.left / side), Math.floor(seen.top / side)];
    const middle = { x: this.x / side - 0.5, y: this.y / side - 0.5 };
    for (let down = row; down * side < seen.bottom; down += 1) {
      for (let across = column; across * side < seen.right; across += 1) {
        const rank = Math.min(900, Math.hypot(across - middle.x, down - middle.y));
        const picture = this.sheets.tile(this.page, level, across, down, rank);
        if (picture) this.lay(context, picture, across * side, down * side, 2 ** (most - level));
        else this.layCoarser(context, level, across, down, most);
      }
    }
  }

  lay(context, picture, left, top, stretch) {
    context.imageSmoothingEnabled = this.zoom * stretch < 3;
    context.drawImage(picture, left, top, picture.width * stretch, picture.height * stretch);
  }

  layCoarser(context, level, across, down, most) {
    const stretch = 2 ** (most - level);
    const left = across * this.SIDE * stretch;
    const top = down * this.SIDE * stretch;
    const width = Math.min(this.SIDE * stretch, this.size.width - left);
    const height = Math.min(this.SIDE * stretch, this.size.height - top);
    for (let above = level - 1; above >= 0; above -= 1) {
      const times = 2 ** (most - above);
      const [column, row] = [Math.floor(left / (this.SIDE * times)), Math.floor(top / (this.SIDE * times))];
      const picture = this.sheets.has(this.page, above, column, row);
      if (picture) {
        const from = [left / times - column * this.SIDE, top / times - row * this.SIDE];
        context.drawImage(picture, ...from, width / times, height / times, left, top, width, height);
        return;
      }
    }
    if (level) this.sheets.tile(this.page, 0, 0, 0, -1);
  }

  at(event) {
    const box = this.canvas.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  }

  wheel(event) {
    event.preventDefault();
    if (event.shiftKey) this.moveBy(-event.deltaY - event.deltaX, 0);
    else this.zoomAt(Math.exp(-event.deltaY * (event.deltaMode ? 0.05 : 0.0015)), this.at(event));
  }

  // One finger moves the page, or draws with a tool; two enlarge it.
  finger(event) {
    const point = this.at(event);
    if (event.type === "pointerdown") {
      this.canvas.setPointerCapture(event.pointerId);
      this.fingers.set(event.pointerId, point);
      this.began = point;
      if (this.fingers.size > 1) this.tool?.cancel?.();
      else this.tool?.down?.(this.toPage(point), event);
      return;
    }
    const before = this.fingers.get(event.pointerId);
    if (event.type === "pointermove") {
      if (!before) this.tool?.hover?.(this.toPage(point));
      else if (this.fingers.size === 2) this.pinch(event.pointerId, before, point);
      else if (this.tool?.drags) this.tool.move(this.toPage(point));
      else this.moveBy(point.x - before.x, point.y - before.y);
      if (before) this.fingers.set(event.pointerId, point);
      return;
    }
    this.fingers.delete(event.pointerId);
    const tapped = this.began && Math.hypot(point.x - this.began.x, point.y - this.began.y) < TAP;
    if (event.type === "pointerup" && !this.fingers.size) this.tool?.up?.(this.toPage(point), tapped);
  }

  pinch(moved, before, point) {
    const [, other] = [...this.fingers].find(([id]) => id !== moved);
    const apart = (one) => Math.max(10, Math.hypot(one.x - other.x, one.y - other.y));
    this.zoomAt(apart(point) / apart(before), { x: (point.x + other.x) / 2, y: (point.y + other.y) / 2 });
    this.moveBy((point.x - before.x) / 2, (point.y - before.y) / 2);
  }
}
