// While the app is asked the page asks how it stands, and shows what came of it; once confirmed, it goes on by itself
// where there is nothing to answer. Without this the page reloads itself, and a button goes on.
const STEP = 3000;
const STILL_WAITING = 202;

const waiting = document.querySelector("[data-sign-on]");
const ready = document.querySelector("[data-sign-on-continue]");

async function ask() {
  try {
    const answer = await fetch(waiting.dataset.signOn, { credentials: "same-origin" });
    if (answer.ok && answer.status !== STILL_WAITING) {
      window.location.reload();
      return;
    }
  } catch {
    // The network is away: the next turn asks again.
  }
  window.setTimeout(ask, STEP);
}

if (waiting) {
  window.setTimeout(ask, STEP);
  // Whoever comes back from the app on the same phone does not wait for the next turn.
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) window.location.reload();
  });
}
if (ready) ready.requestSubmit();
