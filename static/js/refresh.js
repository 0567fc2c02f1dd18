// An element with data-refresh keeps itself up to date while the page is looked at.
const SECONDS = 4;
for (const part of document.querySelectorAll("[data-refresh]")) {
  window.setInterval(async () => {
    if (document.hidden) return;
    try {
      const answer = await fetch(part.dataset.refresh, { credentials: "same-origin" });
      if (!answer.ok || answer.redirected) return;
      const html = await answer.text();
      if (html.trim() !== part.dataset.last) {
        if (part.dataset.last !== undefined) part.innerHTML = html;
        part.dataset.last = html.trim();
      }
    } catch {
      // The network is away: what is on the page stays.
    }
  }, SECONDS * 1000);
}
