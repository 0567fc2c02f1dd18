// A form is sent once: a second press while it is under way does nothing. The server holds to that too.
const AGAIN = 20000;

function release(form) {
  delete form.dataset.sent;
  for (const button of form.querySelectorAll("[aria-disabled]")) button.removeAttribute("aria-disabled");
}

for (const form of document.querySelectorAll("form[method=post]")) {
  form.addEventListener("submit", (event) => {
    if (form.dataset.sent) {
      event.preventDefault();
      return;
    }
    form.dataset.sent = "1";
    // Another script may still stop the sending; only then is the form free at once.
    window.setTimeout(() => {
      if (event.defaultPrevented) release(form);
      else event.submitter?.setAttribute("aria-disabled", "true");
    });
    window.setTimeout(() => release(form), AGAIN);
  });
}
window.addEventListener("pageshow", (event) => {
  if (event.persisted) for (const form of document.forms) release(form);
});
