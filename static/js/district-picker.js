// An input[data-combobox] with a datalist becomes a list that finds a name in either script, however it is spelt.
// Follows the ARIA combobox pattern. Without this the browser's own datalist serves.
const SHOWN = 12;
const EASTERN = "٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹";
const SAME = { أ: "ا", إ: "ا", آ: "ا", ٱ: "ا", ة: "ه", ى: "ي", ؤ: "و", ئ: "ي", ـ: "" };
const ARTICLES = new Set(["al", "as", "ash", "ad", "adh", "ar", "at", "ath", "an", "az"]);

// The same folding as municipality/text.py (loose_key), so that what is found here is found there.
function key(text) {
  const plain = text
    .replace(/[أإآٱةىؤئـ]/g, (letter) => SAME[letter])
    .replace(/[٠-٩۰-۹]/g, (digit) => EASTERN.indexOf(digit) % 10)
    .normalize("NFKD")
    .replace(/\p{M}/gu, "")
    .toLowerCase();
  const words = plain.split(/[^\p{L}\p{N}]+/u).filter((word) => word && !ARTICLES.has(word));
  return words.join("").replace(/^ال/, "");
}

function build(input) {
  const list = document.getElementById(input.getAttribute("list"));
  if (!list) return;
  const places = [...list.options].map((option) => ({
    name: option.value,
    other: option.textContent.trim(),
    home: option.dataset.home,
    keys: [key(option.value), key(option.textContent)],
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
    const wanted = key(input.value);
    const fitting = places.filter((place) => place.keys.some((name) => name.includes(wanted)));
    const begins = (place) => (place.keys.some((name) => name.startsWith(wanted)) ? 0 : 1);
    return fitting.sort((one, other) => begins(one) - begins(other));
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
    const same = places.filter((place) => place.keys.includes(key(input.value)));
    if (input.value.trim() && same.length === 1) input.value = same[0].name;
    close();
  });
  if (writing) input.focus();
}

document.querySelectorAll("input[data-combobox]").forEach(build);
