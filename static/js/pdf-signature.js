// Whether a PDF is what one of our certificates signed, to the last byte; for the stand-alone verifier.
// The container of the signature is built anew from what the certificate's other papers have in common, and compared:
// so no byte of the file can be another one, not even where a signature covers nothing.
const MESSAGE_DIGEST = "06092a864886f70d010904";
const SIGNED_DATA = "06092a864886f70d010702";

const fromHex = (hex) => Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
const toHex = (data) => Array.from(data, (byte) => byte.toString(16).padStart(2, "0")).join("");
const fromBase64 = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
const joined = (...parts) => Uint8Array.from(parts.flatMap((part) => [...part]));
const isSame = (one, other) => one.length === other.length && one.every((byte, place) => byte === other[place]);

function wrapped(tag, ...parts) {
  const content = joined(...parts);
  if (content.length < 128) return joined([tag, content.length], content);
  const hex = content.length.toString(16);
  const length = fromHex(hex.length % 2 ? `0${hex}` : hex);
  return joined([tag, 128 + length.length], length, content);
}

// The elements that lie side by side in a part of the container.
function elements(data, most = Infinity) {
  const list = [];
  for (let at = 0; at < data.length && list.length < most;) {
    const many = data[at + 1] < 128 ? 0 : data[at + 1] - 128;
    if (many > 3) throw new RangeError("too long");
    const begin = at + 2 + many;
    const length = many ? data.slice(at + 2, begin).reduce((sum, byte) => sum * 256 + byte, 0) : data[at + 1];
    if (!(begin + length <= data.length)) throw new RangeError("cut short");
    list.push({ tag: data[at], content: data.slice(begin, begin + length), all: data.slice(at, begin + length) });
    at = begin + length;
  }
  return list;
}

// The four numbers of what is signed; null where there are none, or more than one set.
function rangeOf(text) {
  const found = [...text.matchAll(/\/ByteRange\s*\[\s*(\d+)\s+(\d+)\s+(\d+)\s+(\d+)\s*\]/g)];
  return found.length === 1 ? found[0].slice(1).map(Number) : null;
}

function partsOf(container) {
  const [info] = elements(container, 1); // zeros follow
  const [, wrapper] = elements(info.content);
  const signedData = elements(elements(wrapper.content)[0].content);
  const signer = elements(elements(signedData.at(-1).content)[0].content);
  const attributes = signer.find((element) => element.tag === 0xa0);
  const digest = elements(attributes.content).find((element) => toHex(element.content).startsWith(MESSAGE_DIGEST));
  return {
    whole: info.all,
    attributes: attributes.all,
    signature: signer.at(-1).content,
    digest: elements(elements(digest.content)[1].content)[0].content,
  };
}

function rebuilt(certificate, parts) {
  const [before, signer, algorithm] = ["before", "signer", "algorithm"].map((name) => fromBase64(certificate[name]));
  const signed = wrapped(0x30, signer, parts.attributes, algorithm, wrapped(0x04, parts.signature));
  const data = wrapped(0x30, before, wrapped(0x31, signed));
  return wrapped(0x30, fromHex(SIGNED_DATA), wrapped(0xa0, data));
}

// The two numbers of an ECDSA signature as the browser wants them, each of the width of the curve.
function plainSignature(certificate, signature) {
  if (!certificate.width) return signature;
  const numbers = elements(elements(signature)[0].content).map(({ content }) => {
    const hex = toHex(content).replace(/^(00)+/, "");
    return fromHex(hex.padStart(2 * certificate.width, "0"));
  });
  return joined(...numbers);
}

async function isSignedBy(certificate, parts) {
  const kind = certificate.width
    ? { name: "ECDSA", namedCurve: certificate.curve, hash: "SHA-256" }
    : { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" };
  const key = await crypto.subtle.importKey("spki", fromBase64(certificate.key), kind, false, ["verify"]);
  const signed = joined([0x31], parts.attributes.slice(1));
  return crypto.subtle.verify(kind, key, plainSignature(certificate, parts.signature), signed);
}

// { outcome: "pdf_good", "pdf_compromised" (good, its key stolen), "pdf_changed", "pdf_unsigned" or "pdf_unreadable";
// certificate where it is good; sha256 }
globalThis.checkPdf = async (data, certificates) => {
  const sha256 = toHex(new Uint8Array(await crypto.subtle.digest("SHA-256", data)));
  const text = new TextDecoder("latin1").decode(data);
  if (!text.startsWith("%PDF-")) return { outcome: "pdf_unreadable", sha256 };
  if (!text.includes("/ByteRange")) return { outcome: "pdf_unsigned", sha256 };
  const changed = { outcome: "pdf_changed", sha256 };
  const range = rangeOf(text);
  if (!range) return changed;
  const [first, before, after, rest] = range;
  const hex = text.slice(before + 1, after - 1);
  if (first !== 0 || after + rest !== data.length || after <= before) return changed;
  if (text[before] !== "<" || text[after - 1] !== ">" || !/^([0-9A-F]{2})+$/.test(hex)) return changed;
  try {
    const parts = partsOf(fromHex(hex));
    const filling = hex.slice(2 * parts.whole.length);
    const covered = joined(data.slice(0, before), data.slice(after));
    const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", covered));
    if (/[^0]/.test(filling) || !isSame(digest, parts.digest)) return changed;
    for (const certificate of certificates) {
      if (isSame(rebuilt(certificate, parts), parts.whole) && (await isSignedBy(certificate, parts)))
        return { outcome: certificate.stolen ? "pdf_compromised" : "pdf_good", sha256, certificate };
    }
  } catch {
    return changed;
  }
  return { outcome: "pdf_unlisted", sha256 };
};
