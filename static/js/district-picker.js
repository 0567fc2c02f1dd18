// An input[data-combobox] with a datalist becomes a list that finds a name in either script, however it is spelt.
// Follows the ARIA combobox pattern. Without this the browser's own datalist serves.
const SHOWN = 12;
const PERSIAN = { ی: "ي", ک: "ك", ھ: "ه", ہ: "ه" };
const SAME = { أ: "ا", إ: "ا", آ: "ا", ٱ: "ا", ة: "ه", ى: "ي", ؤ: "و", ئ: "ي", ـ: "", ...PERSIAN };
const ARTICLES = ["adh", "ash", "ath", "al", "as", "ad", "ar", "at", "an", "az"];
const GLUED = [...ARTICLES, "esh", "el", "es", "en", "er"].sort((one, other) => other.length - one.length);
// Words around the name that are no part of it.
const AROUND = new Set(
  (
    "حي الحي بحي جده بجده في مدينه بمدينه محافظه منطقه السعوديه المملكه jeddah jedda jiddah jidda district dist hai " +
    "hay hayy hayi neighborhood neighbourhood quarter area city of in the saudi arabia ksa"
  ).split(" "),
);
const SOUNDS = [
  [/ee|ii|ie/g, "i"],
  [/oo|ou|uo/g, "u"],
  [/aa/g, "a"],
  [/ph/g, "f"],
  [/q/g, "k"],
  [/o/g, "u"],
  [/e/g, "i"],
  [/y/g, "i"],
  [/(.)\1+/gu, "$1"],
  [/([a-z])h$/, "$1"],
];

// The same folding as core/text.py and district_names.py, so that what is found here is found there.
function words(text) {
  const plain = text
    .normalize("NFKC")
    .replace(/\p{Cf}/gu, "")
    .replace(/[أإآٱةىؤئـیکھہ]/g, (letter) => SAME[letter])
    .normalize("NFKD")
    .replace(/\p{M}/gu, "")
    .replace(/[\u2018\u2019'`\u02bb-\u02bf]/g, "")
    .toLowerCase();
  return plain.split(/[^\p{L}\p{N}]+/u).filter(Boolean);
}

function join(parts) {
  const bare = parts.filter((word) => !ARTICLES.includes(word));
  return bare.map((word) => (word.length > 3 ? word.replace(/^ال/, "") : word)).join("");
}

const key = (text) => join(words(text));
const heard = (text) => SOUNDS.reduce((said, [pattern, sound]) => said.replace(pattern, sound), text);

const inside = (text) => join(words(text).filter((word) => !AROUND.has(word) && !/^\p{Nd}{4,}$/u.test(word)));

// Everything the text may mean: as it is, without what stands around the name, without an article glued to it.
function meanings(text) {
  const name = inside(text);
  const glued = GLUED.filter((article) => name.startsWith(article)).map((article) => name.slice(article.length));
  return [...new Set([key(text), name, ...glued])].filter((one) => one.length > 1);
}

// Is the one the other but for one letter left out, put in, mistaken, or two exchanged?
function withinOne(one, other) {
  if (Math.abs(one.length - other.length) > 1) return false;
  let at = 0;
  while (at < one.length && at < other.length && one[at] === other[at]) at += 1;
  const [rest, more] = [one.slice(at), other.slice(at)];
  const exchanged = rest[0] === more[1] && rest[1] === more[0] && rest.slice(2) === more.slice(2);
  return rest.slice(1) === more.slice(1) || rest.slice(1) === more || rest === more.slice(1) || exchanged;
}

function build(input) {
  const list = document.getElementById(input.getAttribute("list"));
  if (!list) return;
  const places = [...list.options].map((option) => ({
    name: option.value,
    other: option.textContent.trim(),
    home: option.dataset.home,
    keys: [option.value, option.textContent].flatMap((name) => [key(name), inside(name)]),
    sounds: [heard(key(option.value)), heard(key(option.textContent))],
  }));
  // On a slow line somebody is writing already.
  const writing = document.activeElement === input;
  const box = document.createElement("div");
  box.className = "combobox";
  input.replaceWith(box);
  const options = document.createElement("ul");
  options.className = "combobox__list";
  options.id = `${input.id}_list`;
  options.setAttribute("role", "listbox");
  options.setAttribute("aria-label", input.labels[0]?.textContent.trim() ?? "");
  options.hidden = true;
  const said = document.createElement("p");
  said.className = "combobox__said hide";
  said.setAttribute("role", "status");
  box.append(input, options, said);
  input.removeAttribute("list");
  const set = (name, value) => input.setAttribute(name, value);
  set("role", "combobox");
  set("aria-autocomplete", "list");
  set("aria-expanded", "false");
  set("aria-controls", options.id);
  let active = -1;

  function find() {
    const wanted = meanings(input.value);
    if (!wanted.length) return input.value.trim() ? places.filter((place) => holds(place, [key(input.value)])) : places;
    const begins = (place) => (wanted.some((one) => place.keys.some((name) => name.startsWith(one))) ? 0 : 1);
    const fitting = places.filter((place) => holds(place, wanted));
    if (fitting.length) return fitting.sort((one, other) => begins(one) - begins(other));
    return places.filter((place) => near(place, wanted));
  }

  const holds = (place, wanted) =>
    wanted.some(
      (one) => place.keys.some((name) => name.includes(one)) || place.sounds.some((name) => name.includes(heard(one))),
    );
  const near = (place, wanted) =>
    wanted
      .filter((one) => one.length > 2)
      .some((one) =>
        [...place.keys, ...place.sounds].some((name) => withinOne(one, name) || withinOne(heard(one), name)),
      );

  function same() {
    const wanted = meanings(input.value);
    const exact = (names, of) => places.filter((place) => wanted.some((one) => place[names].includes(of(one))));
    const found = exact("keys", (one) => one);
    return found.length ? found : exact("sounds", heard);
  }

  function open() {
    const found = find();
    options.replaceChildren(
      ...found.slice(0, SHOWN).map((place, number) => {
        const option = document.createElement("li");
        option.id = `${options.id}_${number}`;
        option.className = "combobox__option";
        option.setAttribute("role", "option");
        option.setAttribute("aria-selected", "false");
        option.dataset.name = place.name;
        const name = document.createElement("span");
        name.textContent = place.name;
        const more = document.createElement("bdi");
        more.className = "combobox__more";
        more.textContent = [place.other, place.home].filter(Boolean).join(" · ");
        option.append(name, " ", more);
        return option;
      }),
    );
    said.textContent = found.length ? `${list.dataset.found} ${found.length}` : list.dataset.none;
    said.classList.toggle("hide", found.length > 0);
    mark(-1);
    options.hidden = !found.length;
    set("aria-expanded", String(!options.hidden));
  }

  function close() {
    options.hidden = true;
    set("aria-expanded", "false");
    said.classList.add("hide");
    mark(-1);
  }

  function mark(number) {
    options.children[active]?.setAttribute("aria-selected", "false");
    active = number;
    const option = options.children[active];
    if (option) {
      option.setAttribute("aria-selected", "true");
      option.scrollIntoView({ block: "nearest" });
      set("aria-activedescendant", option.id);
    } else {
      input.removeAttribute("aria-activedescendant");
    }
  }

  function choose(option) {
    input.value = option.dataset.name;
    close();
    input.focus();
  }

  const moves = {
    ArrowDown: (count) => (active + 1) % count,
    ArrowUp: (count) => (active <= 0 ? count - 1 : active - 1),
  };
  input.addEventListener("input", () => (input.value.trim() ? open() : close()));
  input.addEventListener("keydown", (event) => {
    if (event.key in moves) {
      if (options.hidden) open();
      if (options.children.length) mark(moves[event.key](options.children.length));
      event.preventDefault();
    } else if (event.key === "Enter" && active >= 0) {
      choose(options.children[active]);
      event.preventDefault();
    } else if (event.key === "Escape" && !options.hidden) {
      close();
      event.preventDefault();
    }
  });
  // The press is kept from the input, so that it does not lose the focus before the choice is made.
  options.addEventListener("mousedown", (event) => event.preventDefault());
  options.addEventListener("click", (event) => {
    const option = event.target.closest("[role=option]");
    if (option) choose(option);
  });
  input.addEventListener("blur", () => {
    const found = same();
    if (found.length === 1) input.value = found[0].name;
    close();
  });
  if (writing) input.focus();
}

document.querySelectorAll("input[data-combobox]").forEach(build);
