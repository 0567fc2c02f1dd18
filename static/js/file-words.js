// A file picker in the language of the page: the browser's own speaks the browser's. Each [data-file-words] holds an
// input, our button and an output that says what is chosen. Without this the browser's own picker serves.
for (const field of document.querySelectorAll("[data-file-words]")) {
  const input = field.querySelector("input[type=file]");
  const said = field.querySelector("output");
  const none = said.textContent;

  function show() {
    const names = [...input.files].map((file) => {
      const name = document.createElement("bdi");
      name.textContent = file.name;
      return name;
    });
    said.replaceChildren(...(names.length ? names : [none]));
  }

  input.classList.add("hide");
  field.querySelectorAll("[hidden]").forEach((part) => (part.hidden = false));
  input.addEventListener("change", show);
  field.addEventListener("dragover", (event) => event.preventDefault());
  field.addEventListener("drop", (event) => {
    event.preventDefault();
    const dropped = event.dataTransfer.files;
    if (!dropped.length) return; // a text, or a link
    const fitting = new DataTransfer();
    for (const file of input.multiple ? dropped : [dropped[0]]) fitting.items.add(file);
    input.files = fitting.files;
    show();
  });
  show();
}
