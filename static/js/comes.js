// What waits for a picture (data-waits-for, its address) is fetched anew when the picture is drawn, or cannot be.
// Parts of the same data-comes stand for each other. Without this a link leads to a page that comes by itself.
const SOON = 1500;
const LATE = 15000;
const SLOWER = 1.2;
const STILL_DRAWN = 202;
let wait = SOON;
let known = new Set();

// The part as the server shows it now takes the place of the old one, and whoever stood in that stands in it.
async function bring(part, failed) {
  const answer = await fetch(window.location.href, { credentials: "same-origin" });
  if (!answer.ok || answer.redirected || !part.isConnected) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const fresh = page.querySelector(`[data-comes="${part.dataset.comes}"]`);
  if (!fresh || !part.isConnected) return;
  const stood = part.contains(document.activeElement);
  // What the page knows nothing better of is not asked for again.
  if (failed && fresh.dataset.waitsFor === part.dataset.waitsFor) delete fresh.dataset.waitsFor;
  part.replaceWith(document.adoptNode(fresh));
  if (stood) fresh.querySelector("a, summary")?.focus({ preventScroll: true });
}

async function ask(part) {
  try {
    const answer = await fetch(part.dataset.waitsFor, { credentials: "same-origin" });
    // Signed out: it will not come any more.
    if (answer.redirected) delete part.dataset.waitsFor;
    else if (answer.status !== STILL_DRAWN && (answer.ok || answer.status === 404)) await bring(part, !answer.ok);
  } catch {
    // The network is away: the next turn asks again.
  }
}

// A picture that was there once and is drawn anew: what came in its place was a page.
function missed(event) {
  const part = event.target.closest?.("[data-comes]");
  if (event.target.tagName !== "IMG" || !part || part.dataset.waitsFor) return;
  const again = async () => {
    const answer = await fetch(event.target.src, { credentials: "same-origin" }).catch(() => null);
    if (answer?.status === STILL_DRAWN) window.setTimeout(again, SOON * 2);
    else if (answer?.ok && !answer.redirected) event.target.setAttribute("src", event.target.getAttribute("src"));
  };
  again();
}

async function turn() {
  if (!document.hidden) {
    const waiting = [...document.querySelectorAll("[data-waits-for]")];
    const now = new Set(waiting.map((part) => part.dataset.waitsFor));
    wait = [...now].some((one) => !known.has(one)) ? SOON : Math.min(LATE, wait * SLOWER);
    known = now;
    for (const part of waiting) await ask(part);
  }
  window.setTimeout(turn, wait);
}

document.addEventListener("error", missed, { capture: true });
window.setTimeout(turn, SOON);
