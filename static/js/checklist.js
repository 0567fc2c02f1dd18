// A press on the checklist is written at once, and the page stays as it is: what was typed, the document, the place.
const fresh = async (form, button) => {
  const body = new FormData(form);
  body.append(button.name, button.value);
  const answer = await fetch(form.action, { method: "POST", body });
  if (!answer.ok) throw new Error(String(answer.status));
  return new DOMParser().parseFromString(await answer.text(), "text/html");
};

// What nobody has touched becomes what the server now fills it with.
const followed = (control, other) => {
  if (control.type === "checkbox") {
    if (control.checked !== control.defaultChecked) return;
    control.defaultChecked = other.defaultChecked;
    control.checked = other.defaultChecked;
  } else if (control.value === control.defaultValue) {
    control.defaultValue = other.defaultValue;
    control.value = other.defaultValue;
  }
};

const follow = (page) => {
  const asked = "#moves form[action$='/return/']";
  const [form, other] = [document.querySelector(asked), page.querySelector(asked)];
  if (!form || !other) return;
  for (const control of form.querySelectorAll("input[type=checkbox], textarea")) {
    const same = control.id
      ? other.querySelector(`#${CSS.escape(control.id)}`)
      : other.querySelector(`[name="${control.name}"][value="${CSS.escape(control.value)}"]`);
    if (same) followed(control, same);
  }
  if (other.closest("details").open && other.querySelector("input[type=checkbox][checked]")) {
    form.closest("details").open = true;
  }
};

const against = (page) => {
  for (const form of document.querySelectorAll("#moves form")) {
    const old = form.querySelector("[data-against]");
    const other = page.querySelector(`#moves form[action="${CSS.escape(form.getAttribute("action"))}"] [data-against]`);
    if (old && other) old.replaceWith(document.adoptNode(other));
    else if (old) old.remove();
    else if (other) form.querySelector(".follows").after(document.adoptNode(other));
  }
};

// One press after the other, so that the last one's answer is the last one shown.
let before = Promise.resolve();

document.addEventListener("submit", (event) => {
  const form = event.target.closest("[data-checks]");
  const button = event.submitter;
  if (!form || !button || form.dataset.plain) return;
  event.preventDefault();
  before = before.then(async () => {
    try {
      const page = await fresh(form, button);
      const part = page.getElementById("checklist");
      if (!part) throw new Error("elsewhere");
      const point = button.value.split(":")[1];
      document.getElementById("checklist").replaceWith(document.adoptNode(part));
      follow(page);
      against(page);
      const buttons = [...part.querySelectorAll("button[name=press]")];
      (buttons.find((other) => other.value.endsWith(`:${point}`)) ?? part).focus({ preventScroll: true });
    } catch {
      // Pressed once more by the browser itself: it shows what the portal says, or that there is no connection.
      const again = document.querySelector("[data-checks]");
      again.dataset.plain = "yes";
      const same = [...again.querySelectorAll("button[name=press]")].find((other) => other.value === button.value);
      again.requestSubmit(same ?? undefined);
    }
  });
});
