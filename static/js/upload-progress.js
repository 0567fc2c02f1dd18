// Forms with data-upload show how far their files have got. Without this they post as any form does.
function watch(form) {
  form.addEventListener("submit", (event) => {
    const chosen = [...form.querySelectorAll("input[type=file]")].some((input) => input.files.length);
    if (!chosen || event.defaultPrevented) return;
    event.preventDefault();
    form.querySelector("[role=alert]")?.remove();
    const bar = document.createElement("progress");
    bar.className = "progress";
    bar.max = 100;
    bar.setAttribute("aria-label", form.dataset.upload);
    form.append(bar);
    const data = new FormData(form);
    if (event.submitter?.name) data.append(event.submitter.name, event.submitter.value);
    const request = new XMLHttpRequest();
    request.open("POST", form.action);
    request.setRequestHeader("X-Requested-With", "XMLHttpRequest");
    request.upload.addEventListener("progress", (step) => {
      if (step.lengthComputable) bar.value = (100 * step.loaded) / step.total;
    });
    request.addEventListener("load", () => show(request));
    request.addEventListener("error", () => {
      // The line broke: say so where the bar was; the form is there to be sent again.
      const said = document.createElement("p");
      said.className = "field__error";
      said.setAttribute("role", "alert");
      said.textContent = form.dataset.broken;
      bar.replaceWith(said);
      delete form.dataset.sent;
    });
    request.send(data);
  });
}

function show(request) {
  const answer = new DOMParser().parseFromString(request.responseText, "text/html").querySelector("main");
  document.querySelector("main").replaceWith(document.adoptNode(answer));
  if (request.responseURL !== window.location.href) window.history.pushState(null, "", request.responseURL);
  document.querySelectorAll("form[data-upload]").forEach(watch);
  document.querySelector("main .notice")?.scrollIntoView();
}

document.querySelectorAll("form[data-upload]").forEach(watch);
