// Says while a case is open that it is, and shows who else has it open. Without this the page said so when it came.
for (const form of document.querySelectorAll("[data-presence]")) {
  const shown = form.querySelector("[aria-live]");
  const seconds = Number(form.dataset.presence);
  let timer;

  const beat = async () => {
    window.clearTimeout(timer);
    if (document.hidden) return;
    try {
      const answer = await fetch(form.action, { method: "POST", body: new FormData(form), redirect: "error" });
      if (!answer.ok) return; // no longer this person's to see: it will not change
      const html = await answer.text();
      if (shown.innerHTML.trim() !== html.trim()) shown.innerHTML = html;
    } catch {
      // the network is away: what is on the page stays
    }
    timer = window.setTimeout(beat, seconds * 1000);
  };

  timer = window.setTimeout(beat, seconds * 1000);
  document.addEventListener("visibilitychange", beat);
  window.addEventListener("pagehide", () => {
    const left = new FormData(form);
    left.append("left", "1");
    navigator.sendBeacon(form.action, left);
  });
}
