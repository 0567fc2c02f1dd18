// What forms do on every page; in one file, since each file is another request on a slow line.

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

// What is typed stays in this window until a server has answered to it: pressing without a network, another language,
// a closed lid or the way back lose nothing. Never a secret, nothing of another person, nothing once the window closes.
const TYPED = "typed:";
const SENT = "sent:";
const SECRET = /^(password|hidden|file|submit|button|image|reset)$/;
const CODES = /one-time-code|password|cc-/;
const words = document.getElementById("kept-words");
const person = words?.dataset.person ?? "";
const LANGUAGE = "form[data-language]";

function boxes(form) {
  const named = [...form.elements].filter((box) => box.name && box.type && box.tagName !== "BUTTON");
  return named.filter((box) => !SECRET.test(box.type) && !CODES.test(box.autocomplete));
}

const keeps = (form) => !("forget" in form.dataset) && !form.querySelector("[type=password]") && boxes(form).length;
const ticked = (box) => box.type === "checkbox" || box.type === "radio";
const forms = [...document.querySelectorAll("form[method=post]")].filter(keeps);
const keyOf = (form) => [person, location.pathname, form.getAttribute("action"), forms.indexOf(form)].join("|");

function isUntouched(box) {
  if (ticked(box)) return box.checked === box.defaultChecked;
  if (box.tagName !== "SELECT") return box.value === box.defaultValue;
  const first = !box.multiple && !box.selectedIndex;
  return [...box.options].every((option) => option.selected === option.defaultSelected || first);
}

function keep(form, all = false) {
  const there = boxes(form);
  if (all || !there.every(isUntouched)) {
    const values = there.map((box, index) => [box.name, index, ticked(box) ? box.checked : box.value]);
    sessionStorage.setItem(TYPED + keyOf(form), JSON.stringify(values));
  } else {
    sessionStorage.removeItem(TYPED + keyOf(form));
  }
}

function giveBack(form) {
  const kept = JSON.parse(sessionStorage.getItem(TYPED + keyOf(form)) ?? "null");
  if (!kept) return;
  const there = boxes(form);
  let changed = false;
  for (const [name, index, value] of kept) {
    const box = there[index]?.name === name ? there[index] : there.find((other) => other.name === name);
    if (!box || !isUntouched(box) || (ticked(box) ? box.checked : box.value) === value) continue;
    if (ticked(box)) box.checked = value;
    else box.value = value;
    changed = true;
    box.dispatchEvent(new Event("input", { bubbles: true }));
    box.dispatchEvent(new Event("change", { bubbles: true }));
  }
  if (changed) say(form);
}

function say(form) {
  const notice = words.content.firstElementChild.cloneNode(true);
  notice.querySelector("button").addEventListener("click", () => {
    sessionStorage.removeItem(TYPED + keyOf(form));
    location.replace(location.href);
  });
  form.before(notice);
}

// The server takes the mark of a form away when it has answered to it (views/form_recovery.py). Without a network, or
// when it could not take anything, the mark is still there.
for (const key of Object.keys(sessionStorage).filter((name) => name.startsWith(SENT))) {
  const sent = sessionStorage.getItem(key);
  if (!document.cookie.includes(`${sent}=`)) sessionStorage.removeItem(TYPED + key.slice(SENT.length));
  document.cookie = `${sent}=; path=/; max-age=0`;
  sessionStorage.removeItem(key);
}

function mark(form) {
  const name = `sending.${crypto.getRandomValues(new Uint32Array(1))[0].toString(36)}`;
  document.cookie = `${name}=1; path=/; max-age=3600; samesite=lax`;
  sessionStorage.setItem(SENT + keyOf(form), name);
  const box = form.querySelector("[name=sending]") ?? form.appendChild(document.createElement("input"));
  Object.assign(box, { type: "hidden", name: "sending", value: name });
}

if (words) {
  for (const form of forms) {
    giveBack(form);
    for (const event of ["input", "change"]) form.addEventListener(event, () => keep(form));
    form.addEventListener("submit", () => {
      keep(form);
      mark(form);
    });
  }
}
for (const form of document.querySelectorAll(LANGUAGE)) {
  form.addEventListener("submit", () => forms.forEach((other) => other.matches(LANGUAGE) || keep(other, true)));
}
for (const form of document.querySelectorAll("form[data-sign-out]")) {
  form.addEventListener("submit", () => sessionStorage.clear());
}
