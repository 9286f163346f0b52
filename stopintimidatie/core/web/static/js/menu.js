// What opens from the bar closes again by Escape, which gives the focus back, and by a click beside it.
const opened = () => document.querySelectorAll(".si-drop[open]");

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const part of opened()) {
    if (part.contains(document.activeElement)) part.querySelector("summary").focus();
    part.open = false;
  }
});

document.addEventListener("click", (event) => {
  for (const part of opened()) if (!part.contains(event.target)) part.open = false;
});
