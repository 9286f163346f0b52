// An impatient second click would send a form twice: of what is on its way, it waits for the answer.
// An answer that is a file leaves the page as it is, so after a while the form may be sent again.
const PATIENCE = 10000;

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented || form.method !== "post") return;
  if ("onderweg" in form.dataset) return event.preventDefault();
  form.dataset.onderweg = "";
  setTimeout(() => delete form.dataset.onderweg, PATIENCE);
});

// Whoever goes back finds the page as it was left.
window.addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-onderweg]")) delete form.dataset.onderweg;
});
