// Says in the reader's own browser what no server can say any more: that this page, or a promised update, is overdue.
function look() {
  const now = Date.now();
  for (const warning of document.querySelectorAll("[data-due]")) {
    warning.hidden = !(now > Date.parse(warning.dataset.due));
  }
}
look();
setInterval(look, 10000);
