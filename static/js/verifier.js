// The stand-alone verifier: checks the signature of a paper with the keys this file carries. It asks nobody.
const {
  texts,
  kinds,
  chains,
  certificates,
  verify_url: verifyUrl,
  issued_at: issuedAt,
  old_after_days: oldAfter,
} = JSON.parse(document.getElementById("verifier-data").textContent);
const DOMAIN = new TextEncoder().encode("jeddah-portal journal entry v1\0");
const DAY = 86_400_000;
const KINDS_OF_NOTICE = {
  good: "success",
  pdf_good: "success",
  compromised: "error",
  bad: "error",
  pdf_compromised: "error",
  pdf_changed: "error",
  pdf_unsigned: "error",
};
const byId = (id) => document.getElementById(id);
let language = "ar";
let shown = null;

const say = (name, values = {}) =>
  Object.entries(values).reduce((text, [key, value]) => text.replace(`{${key}}`, value), texts[language][name]);

const bytesOf = (base64) => Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));

function candidates(text) {
  const dashed = text.replace(/[\u2010-\u2013\u2212]/g, "-");
  const plain = dashed.replace(/[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]/g, "");
  const joined = plain.replace(/\s/g, "");
  const placed = [...joined.matchAll(/(?:\/verify\/|[?&]code=)([^/?&#<>"]+)/g)].map((match) => match[1]);
  const found = [...placed, joined.replace(/\/+$/, "").split("/").pop(), ...(plain.match(/[\w-]{100,}/g) ?? [])];
  return [...new Set(found.map((one) => one.replace(/[^A-Za-z0-9_-]/g, "")).filter(Boolean))];
}

function unpack(token) {
  const whole = token.length % 4 === 1 ? token.slice(0, -1) : token;
  try {
    const packed = bytesOf(whole.replace(/-/g, "+").replace(/_/g, "/"));
    const raw = packed.slice(96);
    const end = raw.lastIndexOf(125) + 1; // the closing brace: what was pasted behind is no part of it
    const body = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(raw.slice(0, end)));
    if (typeof body?.node !== "string" || typeof body?.inc !== "string") return null;
    return { previous: packed.slice(0, 32), signature: packed.slice(32, 96), raw: raw.slice(0, end), body };
  } catch {
    return null;
  }
}

async function check(token) {
  const entry = unpack(token);
  if (!entry) return null;
  const listed = chains[entry.body.node + entry.body.inc];
  if (!listed) return { outcome: "unlisted", body: entry.body };
  const signed = new Uint8Array([...DOMAIN, ...entry.previous, ...entry.raw]);
  const digest = await crypto.subtle.digest("SHA-256", signed);
  const key = await crypto.subtle.importKey("raw", bytesOf(listed.public_key), "Ed25519", false, ["verify"]);
  const good = await crypto.subtle.verify("Ed25519", key, entry.signature, digest);
  if (!good) return { outcome: "bad", body: entry.body };
  const outcome = ["stolen", "cloned"].includes(listed.reason) ? "compromised" : "good";
  return { outcome, body: entry.body, listed };
}

async function checkText(text) {
  let best = { outcome: text.trim() ? "unreadable" : "empty" };
  for (const token of candidates(text)) {
    const found = await check(token);
    if (found?.outcome === "good" || found?.outcome === "compromised") return found;
    if (found && best.outcome !== "bad") best = found;
  }
  return best;
}

const dated = (text) => {
  const moment = new Date(text);
  if (Number.isNaN(moment.getTime())) return text;
  return moment.toLocaleString(language === "ar" ? "ar-SA-u-ca-gregory-nu-latn" : "en-GB", {
    dateStyle: "long",
    timeStyle: "short",
    timeZone: "Asia/Riyadh",
  });
};

function row(name, value) {
  const line = Object.assign(document.createElement("div"), { className: "summary__row" });
  const term = Object.assign(document.createElement("dt"), { textContent: say(name) });
  const told = Object.assign(document.createElement("dd"), { textContent: value });
  line.append(term, told);
  return line;
}

function show(result) {
  shown = result;
  const { outcome, body, listed, certificate, sha256 } = result;
  const kind = KINDS_OF_NOTICE[outcome] ?? "warning";
  byId("outcome").className = `notice notice--${kind}`;
  byId("outcome-title").textContent = say(`${outcome}_title`);
  byId("outcome-text").textContent = say(`${outcome}_text`, {
    chain: body ? body.node + body.inc : "",
    day: listed?.ended || certificate?.stolen ? dated(listed?.ended || certificate.stolen) : "",
    subject: certificate ? certificate.subject + (certificate.demo ? ` (${say("pdf_demo")})` : "") : "",
  });
  byId("facts").replaceChildren();
  if (sha256) byId("facts").append(row("sha256", sha256));
  // What nobody of ours has signed is not repeated: it would look like a fact.
  if (listed) {
    const facts = [
      ["kind", kinds[language][body.kind] ?? body.kind],
      ["reference", body.ref],
      ["number", body.number],
      ["plot", body.plot],
      ["signed_at", dated(body.at)],
      ["chain", body.node + body.inc],
    ];
    byId("facts").append(...facts.filter(([, value]) => value).map(([name, value]) => row(name, String(value))));
  }
  byId("not-known").hidden = !listed && !certificate;
  byId("result").hidden = false;
}

function write() {
  const isArabic = language === "ar";
  Object.assign(document.documentElement, { lang: language, dir: isArabic ? "rtl" : "ltr" });
  document.title = say("title");
  for (const element of document.querySelectorAll("[data-text]")) element.textContent = say(element.dataset.text);
  byId("other").textContent = isArabic ? "English" : "العربية";
  byId("other").lang = isArabic ? "en" : "ar";
  byId("list").textContent = say("list", { day: dated(issuedAt) });
  byId("old").hidden = Date.now() - new Date(issuedAt) < oldAfter * DAY;
  byId("address").textContent = verifyUrl;
  if (shown) show(shown);
}

async function readPicture(source) {
  const codes = await new BarcodeDetector({ formats: ["qr_code"] }).detect(source).catch(() => []);
  if (!codes.length) return false;
  byId("code").value = codes[0].rawValue;
  show(await checkText(codes[0].rawValue));
  return true;
}

async function useCamera() {
  const video = byId("video");
  try {
    video.srcObject = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
  } catch {
    show({ outcome: "no_camera" });
    return;
  }
  video.hidden = false;
  await video.play();
  while (!video.hidden && !(await readPicture(video))) await new Promise((done) => setTimeout(done, 200));
  video.srcObject.getTracks().forEach((track) => track.stop());
  video.hidden = true;
}

async function main() {
  write();
  byId("other").addEventListener("click", () => {
    language = language === "ar" ? "en" : "ar";
    write();
  });
  const tried = crypto.subtle?.importKey("raw", new Uint8Array(32), "Ed25519", false, ["verify"]);
  if (!(await tried?.catch(() => null))) {
    show({ outcome: "old_browser" });
    return;
  }
  byId("form").hidden = false;
  byId("form").addEventListener("submit", async (event) => {
    event.preventDefault();
    show(await checkText(byId("code").value));
    byId("result").focus();
  });
  byId("pdf").addEventListener("change", async (event) => {
    const [file] = event.target.files;
    if (!file) return;
    show(await globalThis.checkPdf(new Uint8Array(await file.arrayBuffer()), certificates));
    byId("result").focus();
  });
  if (!("BarcodeDetector" in window)) return;
  byId("pictures").hidden = false;
  byId("camera").addEventListener("click", useCamera);
  byId("picture").addEventListener("change", async (event) => {
    const [file] = event.target.files;
    if (file && !(await readPicture(await createImageBitmap(file).catch(() => file)))) show({ outcome: "no_code" });
  });
}

main();
