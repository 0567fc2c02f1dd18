// A button beside each box for a password that shows what is typed. It hides it again before the form is sent, so that
// no browser remembers it as ordinary text.
for (const box of document.querySelectorAll("input[type=password][data-show]")) {
  const row = document.createElement("div");
  const button = document.createElement("button");
  row.className = "field__row";
  button.type = "button";
  button.className = "plain field__show";
  button.textContent = box.dataset.show;
  button.setAttribute("aria-label", box.dataset.showLabel);
  button.setAttribute("aria-controls", box.id);
  const show = (shown) => {
    box.type = shown ? "text" : "password";
    button.setAttribute("aria-pressed", String(shown));
  };
  const focused = document.activeElement === box;
  box.replaceWith(row);
  row.append(box, button);
  if (focused) box.focus();
  show(false);
  box.spellcheck = false;
  box.autocapitalize = "off";
  button.addEventListener("click", () => show(box.type === "password"));
  box.form?.addEventListener("submit", () => show(false));
  window.addEventListener("pagehide", () => show(false));
}
