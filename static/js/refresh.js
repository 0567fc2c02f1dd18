// Parts marked data-live inside [data-refresh] keep themselves up to date. While nothing has happened the answer is empty,
// so it is asked every second; after minutes of nothing ever less often, and not at all while nobody looks. A part
// somebody has the focus in, or has opened something in, is left alone.
const SOON = 1000;
const LATE = 15000;
const SLOWER = 1.25;
const PATIENCE = 5 * 60 * 1000;
const NOTHING_NEW = 204;

function freshen(area, html) {
  const answer = new DOMParser().parseFromString(html, "text/html");
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
  // What was left alone is asked for again.
  if (whole) area.dataset.seen = answer.querySelector("[data-version]").dataset.version;
  return changed;
}

function keep(area) {
  const said = document.getElementById("live-said");
  let wait = SOON;
  let lively = Date.now();
  let timer;
  const look = async () => {
    window.clearTimeout(timer);
    if (document.hidden) return;
    try {
      const url = `${area.dataset.refresh}?seen=${area.dataset.seen}`;
      const answer = await fetch(url, { credentials: "same-origin" });
      if (!answer.ok) throw new Error(answer.statusText);
      if (answer.status !== NOTHING_NEW && !answer.redirected && freshen(area, await answer.text())) {
        said.textContent = said.dataset.changed;
        lively = Date.now();
      }
      wait = Date.now() - lively < PATIENCE ? SOON : Math.min(LATE, wait * SLOWER);
    } catch {
      // The network is away, or the portal has enough to do: what is on the page stays.
      wait = LATE;
    }
    timer = window.setTimeout(look, wait);
  };
  document.addEventListener("visibilitychange", () => {
    lively = Date.now();
    look();
  });
  timer = window.setTimeout(look, SOON);
}

document.querySelectorAll("[data-refresh]").forEach(keep);
