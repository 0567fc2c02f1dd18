// A link of this page inside data-swap changes that part only, so that the rest stays where it was, and what is typed.
let asking = new AbortController();

document.addEventListener("click", async (event) => {
  const link = event.target.closest("[data-swap] a[href*='?']");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  // The last press counts: an answer to an earlier one would bring back what was left already.
  asking.abort();
  asking = new AbortController();
  const { signal } = asking;
  const part = link.closest("[data-swap]");
  let fresh = null;
  try {
    const answer = await fetch(link.href, { signal });
    const text = answer.ok ? await answer.text() : "";
    fresh = new DOMParser().parseFromString(text, "text/html").getElementById(part.id);
  } catch {
    // no connection: the browser says so itself, below
  }
  if (signal.aborted) return;
  if (!fresh) {
    window.location.assign(link.href);
    return;
  }
  part.replaceWith(document.adoptNode(fresh));
  window.history.replaceState(null, "", link.href);
  // Whoever turns pages stands on the way on again; at the last page on the way back.
  const links = [...fresh.querySelectorAll("a[href*='?']")];
  const same =
    links.find((other) => link.rel && other.rel === link.rel) ??
    links.find((other) => (link.rel ? other.rel : other.href === link.href));
  (same ?? fresh).focus({ preventScroll: true });
});
