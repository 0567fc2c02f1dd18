// A button that prints appears only where scripts run; the browser's own menu does the same.
for (const button of document.querySelectorAll("[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => window.print());
  if (window.location.hash === "#print") button.focus();
}
