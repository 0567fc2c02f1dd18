// Parts marked data-live inside [data-refresh] keep themselves up to date. While nothing has happened the answer is
// empty, so it is asked every second; after minutes of nothing ever less often, and not at all while nobody looks. A
// part somebody has the focus in, or has opened something in, is left alone until they have done with it.
const SOON = 1000;
const LATE = 15000;
const SLOWER = 1.25;
const PATIENCE = 5 * 60 * 1000;
const NOTHING_NEW = 204;
const NOT_FOUND = 404;
// An emptied live region speaks again when it is written to a moment later.
const BREATH = 100;

// What an answer changed: whether anything did, and whether all of it could.
function freshen(area, answer) {
  let changed = false;
  let whole = true;
  for (const fresh of answer.querySelectorAll("[data-live]")) {
    const part = area.querySelector(`[data-live="${fresh.dataset.live}"]`);
    if (part.innerHTML.trim() === fresh.innerHTML.trim()) continue;
    const opened = part.querySelectorAll("details[open]").length !== fresh.querySelectorAll("details[open]").length;
    if (opened || part.contains(document.activeElement)) {
      whole = false;
      continue;
    }
    part.replaceWith(document.adoptNode(fresh));
    changed = true;
  }
  return { changed, whole };
}

function keep(area) {
  const said = document.getElementById("live-said");
  let wait = SOON;
  let lively = Date.now();
  let timer;
  let owed = false;
  let over = false;

  const say = () => {
    said.textContent = "";
    window.setTimeout(() => (said.textContent = said.dataset.changed), BREATH);
  };

  const take = (html) => {
    const answer = new DOMParser().parseFromString(html, "text/html");
    const { changed, whole } = freshen(area, answer);
    const { version, closed } = answer.querySelector("[data-version]").dataset;
    owed = !whole;
    if (whole) {
      area.dataset.seen = version;
      over = closed !== undefined;
    }
    if (changed) {
      say();
      lively = Date.now();
    }
  };

  const look = async () => {
    window.clearTimeout(timer);
    if (document.hidden || over) return;
    try {
      const url = `${area.dataset.refresh}?seen=${area.dataset.seen}`;
      const answer = await fetch(url, { credentials: "same-origin" });
      // Signed out, or no longer to be seen by this person: it will not answer again.
      over ||= answer.redirected || answer.status === NOT_FOUND;
      if (over) return;
      if (!answer.ok) throw new Error(answer.statusText);
      if (answer.status !== NOTHING_NEW) take(await answer.text());
      // What was left alone is a whole page to make: it is asked for late, or when its reader has done with it.
      if (owed) wait = LATE;
      else wait = Date.now() - lively < PATIENCE ? SOON : Math.min(LATE, wait * SLOWER);
    } catch {
      // The network is away, or the portal has enough to do: what is on the page stays.
      wait = LATE;
    }
    window.clearTimeout(timer);
    timer = window.setTimeout(look, wait);
  };

  const done = () => {
    if (owed) look();
  };
  area.addEventListener("focusout", done);
  area.addEventListener("toggle", done, { capture: true });
  document.addEventListener("visibilitychange", () => {
    lively = Date.now();
    look();
  });
  timer = window.setTimeout(look, SOON);
}

document.querySelectorAll("[data-refresh]").forEach(keep);
