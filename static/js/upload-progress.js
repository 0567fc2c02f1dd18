// Files inside [data-upload] are sent as soon as they are chosen: one after another, each in pieces, with progress. A
// line that breaks costs a piece, not the file, and the file goes on by itself when the line is back; what the server
// refuses is said beside the file, and nothing else on the page is touched. Without this the form posts as any form
// does.
const PIECE = 512 * 1024;
// A good line is filled by pieces that grow: what passes between two of them is time in which nothing is sent.
const LARGEST = 8 * 1024 * 1024;
const QUICK = 2500;
const BRISK = 5000;
const SLOW = 15000;
const TRIES = 4;
const WAIT = 800;
// So often a file whose line broke tries again by itself, unless the browser says earlier that the line is back.
const AGAIN = 15000;
// As long as the server surely keeps the pieces of a file that was not finished.
const KEPT = 20 * 3600 * 1000;
const UNFINISHED = "unfinished-uploads";
const MB = 1024 * 1024;

const template = document.getElementById("upload");
const status = document.getElementById("upload-said");
const words = status.dataset;
const waiting = [];
const paused = new Set();
let current = null;

const fill = (text, values) => text.replace(/{(\w+)}/g, (_all, name) => values[name]);
const megabytes = (bytes) => (bytes / MB).toFixed(bytes < 10 * MB ? 1 : 0);
const pause = (milliseconds) => new Promise((done) => window.setTimeout(done, milliseconds));
const token = () =>
  document.cookie.match(/(?:^|; )csrftoken=([^;]+)/)?.[1] ?? document.querySelector("[name=csrfmiddlewaretoken]").value;

function say(upload, text, aloud) {
  upload.item.querySelector(".upload__said").textContent = text;
  if (aloud) status.textContent = `${aloud} ${upload.file.name}. ${text}`;
}

function show(upload, bytes) {
  const sent = Math.min(bytes, upload.file.size);
  // An empty file is sent as well: the server says what is wrong with it.
  upload.item.querySelector("progress").value = upload.file.size ? sent / upload.file.size : 0;
  if (upload.file.size < MB / 10) return;
  upload.item.querySelector(".upload__size").textContent = fill(words.sent, {
    sent: megabytes(sent),
    total: megabytes(upload.file.size),
  });
}

function add(row, file) {
  const item = template.content.firstElementChild.cloneNode(true);
  const upload = { row, file, item, have: 0, piece: PIECE, request: null, cancelled: false };
  row.querySelectorAll("[data-unfinished]").forEach((told) => {
    if (told.dataset.unfinished === `${file.name}/${file.size}`) told.remove();
  });
  item.querySelector(".upload__name").textContent = file.name;
  item.querySelector("[data-cancel]").addEventListener("click", () => cancel(upload));
  item.querySelector("[data-retry]").addEventListener("click", () => enqueue(upload));
  row.querySelector(".uploads").append(item);
  show(upload, 0);
  if (file.size > Number(row.dataset.most)) {
    giveUp(upload, fill(words.tooLarge, { most: Math.floor(row.dataset.most / MB) }));
  } else {
    enqueue(upload);
  }
}

function enqueue(upload) {
  paused.delete(upload);
  const retry = upload.item.querySelector("[data-retry]");
  if (document.activeElement === retry) upload.item.querySelector("[data-cancel]").focus();
  retry.hidden = true;
  upload.item.classList.remove("upload--failed");
  say(upload, words.waits);
  waiting.push(upload);
  work();
}

async function work() {
  if (current || !waiting.length) return;
  current = waiting.shift();
  if (!current.cancelled) await send(current);
  current = null;
  work();
  goOn();
}

function cancel(upload) {
  upload.cancelled = true;
  paused.delete(upload);
  remember(upload, null);
  upload.request?.abort();
  status.textContent = `${words.cancelled} ${upload.file.name}`;
  goTo(upload.row);
  upload.item.remove();
}

function fail(upload, text) {
  upload.item.classList.add("upload--failed");
  upload.item.querySelector("[data-retry]").hidden = false;
  say(upload, text, words.failed);
}

// The line is gone: others go first, and this one goes on when it is back.
function hold(upload) {
  fail(upload, words.broken);
  paused.add(upload);
  window.setTimeout(() => paused.has(upload) && enqueue(upload), AGAIN);
}
window.addEventListener("online", () => [...paused].forEach(enqueue));

// What was begun and not finished is said after a reload; the browser forgets it with the tab.
const begun = () => {
  try {
    return JSON.parse(window.sessionStorage.getItem(UNFINISHED)) ?? [];
  } catch {
    return []; // no such store, or not ours
  }
};

function remember(upload, have) {
  const { row, file } = upload;
  const same = (one) => one.to === row.dataset.upload && one.name === file.name && one.size === file.size;
  const rest = begun().filter((one) => !same(one) && Date.now() - one.at < KEPT);
  if (have) rest.push({ to: row.dataset.upload, name: file.name, size: file.size, have, at: Date.now() });
  try {
    window.sessionStorage.setItem(UNFINISHED, JSON.stringify(rest));
  } catch {
    // Full or forbidden: then it is not said after a reload.
  }
}

function tellUnfinished(row) {
  for (const one of begun()) {
    if (one.to !== row.dataset.upload || Date.now() - one.at > KEPT) continue;
    const item = template.content.firstElementChild.cloneNode(true);
    item.dataset.unfinished = `${one.name}/${one.size}`;
    item.querySelector(".upload__name").textContent = one.name;
    item.querySelector("progress").value = one.have / one.size;
    item.querySelector(".upload__size").textContent = fill(words.sent, {
      sent: megabytes(one.have),
      total: megabytes(one.size),
    });
    item.querySelector(".upload__said").textContent = words.unfinished;
    const dismiss = item.querySelector("[data-cancel]");
    dismiss.textContent = words.dismiss;
    dismiss.addEventListener("click", () => {
      remember({ row, file: one }, null);
      item.remove();
      goTo(row);
    });
    row.querySelector(".uploads").append(item);
  }
}

// This very file will not be taken: there is nothing to try again.
function giveUp(upload, text) {
  remember(upload, null);
  fail(upload, text);
  upload.item.querySelector("[data-retry]").hidden = true;
  upload.item.querySelector("progress").hidden = true;
  upload.item.querySelector(".upload__size").textContent = "";
  upload.item.querySelector("[data-cancel]").textContent = words.dismiss;
}

async function send(upload) {
  say(upload, "");
  for (let tries = 0; !upload.cancelled;) {
    const began = Date.now();
    const answer = await post(upload);
    if (upload.cancelled) return;
    if (answer === null || answer.status >= 500) {
      tries += 1;
      upload.piece = PIECE;
      if (tries === TRIES) return answer ? fail(upload, words.refused) : hold(upload);
      say(upload, words.broke);
      await pause(WAIT * tries);
    } else if (answer.status === 202) {
      upload.have = JSON.parse(answer.text).have;
      upload.piece = grown(upload.piece, Date.now() - began);
      remember(upload, upload.have);
      tries = 0;
      say(upload, "");
    } else if (answer.status === 200 || answer.status === 422) {
      return settle(upload, answer);
    } else {
      return fail(upload, answer.status === 401 || answer.status === 403 ? words.signedOut : words.refused);
    }
  }
}

// How large the next piece is after one that took so long.
function grown(piece, took) {
  if (took > SLOW) return Math.max(piece / 2, PIECE);
  if (took > BRISK) return piece;
  return Math.min(piece * (took < QUICK && piece > PIECE ? 4 : 2), LARGEST);
}

// One piece, or the whole of a small file. Resolves to null when the line broke.
function post(upload) {
  const { file, row } = upload;
  const end = Math.min(upload.have + upload.piece, file.size);
  const data = new FormData();
  data.append("file", file.slice(upload.have, end), file.name);
  data.append("mark", String(file.lastModified));
  const request = new XMLHttpRequest();
  upload.request = request;
  request.open("POST", row.dataset.upload);
  request.setRequestHeader("X-CSRFToken", token());
  if (file.size > PIECE) request.setRequestHeader("Content-Range", `bytes ${upload.have}-${end - 1}/${file.size}`);
  request.upload.addEventListener("progress", (step) => {
    show(upload, upload.have + Math.min(step.loaded, end - upload.have));
  });
  request.upload.addEventListener("load", () => {
    if (end === file.size) say(upload, words.checking);
  });
  return new Promise((done) => {
    request.addEventListener("load", () => done({ status: request.status, text: request.responseText }));
    for (const lost of ["error", "abort", "timeout"]) request.addEventListener(lost, () => done(null));
    request.send(data);
  });
}

// Where somebody goes on whose place is gone: the picker, or the name of a document that takes no more.
function goTo(row) {
  const input = row.querySelector("input[type=file]");
  (input.closest("[hidden]") ? row.querySelector("h2") : input).focus();
}

// The server's word on one document: what is attached now, or why this file was not.
function settle(upload, answer) {
  const { row, file, item } = upload;
  remember(upload, null);
  const fresh = new DOMParser().parseFromString(answer.text, "text/html").querySelector("[data-upload-state]");
  const refused = [...fresh.querySelectorAll(".field__error")].map((error) => error.textContent.trim());
  fresh.querySelectorAll(".field__error").forEach((error) => error.remove());
  const stood = row.contains(document.activeElement) ? document.activeElement : null;
  const input = row.querySelector("input[type=file]");
  row.querySelector("[data-upload-state]").replaceWith(document.adoptNode(fresh));
  row.classList.remove("field--error");
  input.removeAttribute("aria-invalid");
  if (fresh.dataset.room !== undefined) input.closest(".field").hidden = fresh.dataset.room <= 0;
  if (refused.length) {
    giveUp(upload, refused.join(" "));
  } else {
    item.remove();
    status.textContent = `${words.arrived} ${file.name}`;
  }
  if (!stood || (stood.isConnected && !stood.closest("[hidden]"))) return;
  const same = [...fresh.querySelectorAll("a, button")].find((one) => one.isEqualNode(stood));
  if (same) same.focus();
  else goTo(row);
}

for (const row of document.querySelectorAll("[data-upload]")) {
  tellUnfinished(row);
  const take = (files) => [...files].forEach((file) => add(row, file));
  // The picker, and the camera beside it.
  for (const input of row.querySelectorAll("input[type=file]")) {
    const takeChosen = () => {
      take(input.files);
      input.value = "";
    };
    input.addEventListener("change", takeChosen);
    // On a slow line somebody has chosen already.
    takeChosen();
    input.classList.add("hide");
  }
  row.querySelectorAll(".pick, .pick__drop").forEach((part) => (part.hidden = false));
  row.addEventListener("dragover", (event) => event.preventDefault());
  row.addEventListener("drop", (event) => {
    event.preventDefault();
    take(event.dataTransfer.files);
  });
}
document.querySelectorAll("[data-no-script]").forEach((part) => (part.hidden = true));

const busy = () => current !== null || waiting.length > 0 || paused.size > 0;
window.addEventListener("beforeunload", (event) => {
  if (busy()) event.preventDefault();
});
// Somebody who presses the button while a file is on its way means both: the form goes when the file has arrived.
let held = null;
for (const form of document.querySelectorAll("form[data-uploads]")) {
  form.addEventListener("submit", (event) => {
    if (!busy()) return;
    event.preventDefault();
    held = { form, button: event.submitter };
    const first = current ?? waiting[0] ?? [...paused][0];
    first.item.scrollIntoView({ block: "center" });
    say(first, words.leave);
    status.textContent = words.leave;
  });
}

function goOn() {
  if (!held || busy()) return;
  const { form, button } = held;
  held = null;
  const failed = form.querySelector(".upload--failed");
  if (failed) return failed.scrollIntoView({ block: "center" });
  // "Remove" stands in the list of files, which was drawn anew when the file arrived.
  const gone = button && !button.isConnected;
  const pressed = gone ? form.querySelector(`[name="${button.name}"][value="${button.value}"]`) : button;
  // Not at once: forms.js frees the form of the submit stopped here in a task of its own, which comes before.
  if (pressed || !gone) window.setTimeout(() => form.requestSubmit(pressed));
}
