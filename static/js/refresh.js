// An element with data-refresh keeps itself up to date: every second while things happen, ever less often when not.
const SOON = 1000;
const LATE = 15000;
const SLOWER = 1.25;

function keep(part) {
  let wait = SOON;
  let last;
  const look = async () => {
    if (!document.hidden) {
      try {
        const answer = await fetch(part.dataset.refresh, { credentials: "same-origin" });
        if (answer.ok && !answer.redirected) {
          const html = (await answer.text()).trim();
          wait = html === last ? Math.min(LATE, wait * SLOWER) : SOON;
          if (last !== undefined && html !== last) part.innerHTML = html;
          last = html;
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
