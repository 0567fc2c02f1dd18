// A document as tiles: what is known of its pages, and the tiles that were fetched. Only what is looked at is fetched,
// two at a time, what matters most first; what is no longer looked at is forgotten before it is asked for.
const AT_ONCE = 2;
const HELD = 160;
const BUSY = 202;
const AGAIN = 250;
export const SIDE = 1024;
const THUMBNAIL = 256;

// The same as on the server: how many times a page is halved until it is a thumbnail.
export function levelsOf({ width, height }) {
  return Math.max(0, Math.ceil(Math.log2(Math.max(width, height) / THUMBNAIL)));
}

export function sizeAt({ width, height }, level) {
  const shrink = 2 ** (levelsOf({ width, height }) - level);
  return { width: Math.ceil(width / shrink), height: Math.ceil(height / shrink) };
}

export class SheetDocument {
  constructor({ sizes, tile, of, opened, variant = "" }) {
    Object.assign(this, { sizesAddress: sizes, tileAddress: tile, of, opened, variant });
    this.held = new Map();
    this.wanted = new Map();
    this.missing = new Set();
    this.underWay = new Map();
    this.listeners = new Set();
    this.runs = [];
    this.pages = 0;
  }

  async open() {
    const answer = await this.ask(this.sizesAddress);
    this.opened = answer.headers.get("X-Document-Opened") ?? this.opened;
    Object.assign(this, { layers: [], metres: 0 }, await answer.json());
  }

  async ask(address, signal) {
    const query = `of=${this.of}${this.variant && `&layers=${this.variant}`}`;
    for (;;) {
      const answer = await fetch(`${address}?${query}`, {
        credentials: "same-origin",
        headers: { "X-Document-Opened": this.opened },
        signal,
      });
      if (answer.status !== BUSY) {
        if (!answer.ok || answer.redirected) throw new Error(String(answer.status));
        return answer;
      }
      await new Promise((done) => window.setTimeout(done, AGAIN));
      signal?.throwIfAborted();
    }
  }

  // The layers with these numbers, and no others.
  showLayers(numbers) {
    this.variant = numbers.length ? numbers.join(".") : ".";
    for (const picture of this.held.values()) picture.close();
    this.held.clear();
    this.wanted.clear();
    this.missing.clear();
    for (const controller of this.underWay.values()) controller.abort();
    for (const listener of this.listeners) listener();
  }

  // Width and height of a page at its largest, and how many of those pixels make a point (0: it is a picture).
  size(page) {
    let before = 0;
    for (const [many, width, height, scale] of this.runs) {
      before += many;
      if (page <= before) return { width, height, scale };
    }
    const last = this.runs.at(-1) ?? [1, 1, 1, 0];
    return { width: last[1], height: last[2], scale: last[3] };
  }

  // The tile if it was fetched; otherwise it will be, before all of a larger `rank`.
  tile(page, level, across, down, rank) {
    const name = `${page}/${level}/${across}/${down}/`;
    const picture = this.held.get(name);
    if (picture) {
      this.held.delete(name);
      this.held.set(name, picture);
      return picture;
    }
    if (!this.missing.has(name)) this.wanted.set(name, rank);
    return null;
  }

  has(page, level, across, down) {
    return this.held.get(`${page}/${level}/${across}/${down}/`) ?? null;
  }

  // Before everything that is looked at is asked for anew: what nobody looks at any more is not fetched.
  forgetWishes(rank) {
    for (const [name, its] of this.wanted) if (its >= rank[0] && its < rank[1]) this.wanted.delete(name);
  }

  // After it: whose fetching nobody waits for is ended, and the next begins.
  go() {
    for (const [name, controller] of this.underWay) if (!this.wanted.has(name)) controller.abort();
    while (this.underWay.size < AT_ONCE) {
      const next = [...this.wanted].filter(([name]) => !this.underWay.has(name)).sort((a, b) => a[1] - b[1])[0];
      if (!next) return;
      this.fetch(next[0]);
    }
  }

  async fetch(name) {
    const controller = new AbortController();
    this.underWay.set(name, controller);
    try {
      const answer = await this.ask(this.tileAddress.replace("1/0/0/0/", name), controller.signal);
      const picture = await createImageBitmap(await answer.blob());
      controller.signal.throwIfAborted();
      this.held.set(name, picture);
      for (const [oldest, old] of this.held) {
        if (this.held.size <= HELD) break;
        this.held.delete(oldest);
        old.close();
      }
    } catch (error) {
      if (error.name !== "AbortError") {
        this.missing.add(name);
        // The line may come back; what cannot be drawn is asked for again after a minute, and no sooner.
        window.setTimeout(() => this.missing.delete(name), 60000);
      }
    }
    this.underWay.delete(name);
    this.wanted.delete(name);
    for (const listener of this.listeners) listener();
    this.go();
  }
}
