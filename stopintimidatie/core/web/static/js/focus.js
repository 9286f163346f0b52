// After a refused form the summary of what is wrong gets the focus, also when the form came by htmx.
function focusErrors() {
  const summary = document.querySelector(".si-error-summary");
  if (summary) summary.focus();
}

focusErrors();
document.addEventListener("htmx:after:swap", focusErrors);
