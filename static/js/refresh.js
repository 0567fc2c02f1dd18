// Parts marked data-live inside [data-refresh] keep themselves up to date: soon while things happen, ever less often
// when not. A part somebody has the focus in, or has opened something in, is left alone.
const SOON = 1000;
const LATE = 15000;
const SLOWER = 1.25;

function freshen(area, html) {
  let changed = false;
  for (const fresh of new DOMParser().parseFromString(html, "text/html").querySelectorAll("[data-live]")) {
    const part = area.querySelector(`[data-live="${fresh.dataset.live}"]`);
    const opened = part.querySelectorAll("details[open]").length !== fresh.querySelectorAll("details[open]").length;
    if (part.innerHTML.trim() === fresh.innerHTML.trim() || opened || part.contains(document.activeElement)) continue;
    part.replaceWith(document.adoptNode(fresh));
    changed = true;
  }
  return changed;
}

function keep(area) {
  const said = document.getElementById("live-said");
  let wait = SOON;
  const look = async () => {
    if (!document.hidden) {
      try {
        const answer = await fetch(area.dataset.refresh, { credentials: "same-origin" });
        if (answer.ok && !answer.redirected && freshen(area, await answer.text())) {
          said.textContent = said.dataset.changed;
          wait = SOON;
        } else {
          wait = Math.min(LATE, wait * SLOWER);
        }
      } catch {
        // The network is away: what is on the page stays.
        wait = LATE;
      }
    }
    window.setTimeout(look, wait);
  };
  document.addEventListener("visibilitychange", () => (wait = SOON));
  window.setTimeout(look, SOON);
}

document.querySelectorAll("[data-refresh]").forEach(keep);
