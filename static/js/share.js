// A button that hands the text of the element it names to whatever the device shares with; there only where it can.
for (const button of document.querySelectorAll("[data-share]")) {
  if (!navigator.share) break;
  button.hidden = false;
  button.addEventListener("click", () => {
    const text = document.getElementById(button.dataset.share).innerText;
    // Whoever closes the list of places without choosing one has not made a mistake.
    navigator.share({ title: button.dataset.title, text }).catch(() => {});
  });
}
