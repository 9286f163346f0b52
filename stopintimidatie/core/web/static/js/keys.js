// Single-key shortcuts for who works in lists all day. Can be switched off (WCAG 2.1.4);
// the choice is kept in this browser. Never active while something is being typed.
//   j / k  next and previous row     /  search     ?  this help
//   data-key="1" on a button or link: that key presses it; on a choice: it is chosen; a list gets the focus
const STORE = "stopintimidatie.sneltoetsen";

const enabled = () => {
  try { return localStorage.getItem(STORE) !== "uit"; } catch { return true; }
};
const enable = (on) => {
  try { localStorage.setItem(STORE, on ? "aan" : "uit"); } catch { /* no store: on for this page */ }
};

function start() {
  if (!document.body.hasAttribute("data-ingelogd")) return;
  document.addEventListener("keydown", onKey);
  for (const button of document.querySelectorAll("[data-toetsen]")) {
    button.hidden = false;
    button.addEventListener("click", showHelp);
  }
}

function typing(target) {
  if (/^(radio|checkbox)$/.test(target.type)) return false;
  return target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName);
}

function onKey(event) {
  if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing) return;
  if (typing(event.target) || document.querySelector("dialog[open]") || !enabled()) return;
  if (act(event.key)) event.preventDefault();
}

function act(key) {
  if (key === "j") return step(1);
  if (key === "k") return step(-1);
  if (key === "/") return focusOn(document.getElementById("zoekveld"));
  if (key === "?") return showHelp();
  // What is asked in a panel goes first.
  const here = [...document.querySelectorAll("[data-paneel] [data-key]"), ...document.querySelectorAll("[data-key]")];
  const chosen = here.find((el) => el.dataset.key === key);
  if (!chosen || chosen.disabled) return false;
  if (chosen.matches("select")) return focusOn(chosen);
  if (chosen.type === "radio") chosen.focus();
  chosen.click();
  return true;
}

function focusOn(element) {
  if (!element) return false;
  element.focus();
  if (element.select) element.select();
  return true;
}

// The rows of the first list on the page; in an inbox the next row is opened at once.
function step(by) {
  const links = [...document.querySelectorAll("[data-rij] a[href]")];
  if (!links.length) return false;
  const focused = links.indexOf(document.activeElement);
  const current = focused >= 0 ? focused : links.findIndex((a) => a.hasAttribute("aria-current"));
  const next = links[current < 0 ? (by > 0 ? 0 : links.length - 1) : current + by];
  if (!next) return turn(links[0].closest("[data-openen]"), by);
  if (next.closest("[data-openen]")) next.click();
  else focusOn(next);
  return true;
}

// Beyond the end of a page of the list: the next page with its first row, or the one before with its last.
function turn(list, by) {
  const href = by > 0 ? list?.dataset.volgende : list?.dataset.vorige;
  if (href) location.assign(href);
  return Boolean(href);
}

function showHelp() {
  const dialog = document.querySelector(".si-dialog") ?? makeHelp();
  fill(dialog.querySelector("dl"));
  dialog.querySelector("input").checked = enabled();
  dialog.showModal();
  return true;
}

function makeHelp() {
  const dialog = document.createElement("dialog");
  dialog.className = "si-dialog";
  dialog.setAttribute("aria-labelledby", "toetsen-titel");
  dialog.innerHTML = `<h2 id="toetsen-titel">Sneltoetsen</h2><dl></dl>
    <p class="si-choice"><input type="checkbox" id="toetsen-aan" class="utrecht-checkbox">
    <label for="toetsen-aan">Sneltoetsen gebruiken in deze browser</label></p>
    <form method="dialog"><button class="utrecht-button utrecht-button--secondary-action">Sluiten</button></form>`;
  dialog.querySelector("input").addEventListener("change", (event) => enable(event.target.checked));
  document.body.append(dialog);
  return dialog;
}

// The keys of the page as it is now; of two with one key the first is pressed.
function fill(list) {
  const rows = [["j", "volgende in de lijst"], ["k", "vorige in de lijst"], ["/", "zoeken"], ["?", "deze uitleg"]];
  for (const el of document.querySelectorAll("[data-key]")) rows.push([el.dataset.key, labelOf(el)]);
  if (document.querySelector("[data-werkbank]")) rows.push(["z", "ongedaan maken wat u net besloot"], ["Ctrl + Enter", "versturen wat u invulde"]);
  list.replaceChildren();
  const known = new Set();
  for (const [key, meaning] of rows) {
    if (!known.has(key)) addRow(list, key, meaning);
    known.add(key);
  }
}

// The words of a button without the cap of its key.
function labelOf(el) {
  const words = (el.labels?.[0] ?? el.querySelector(".wb-decision__label") ?? el).cloneNode(true);
  words.querySelectorAll("kbd, [aria-hidden=true]").forEach((cap) => cap.remove());
  return words.textContent.trim();
}

function addRow(list, key, meaning) {
  const [dt, dd, kbd] = ["dt", "dd", "kbd"].map((tag) => document.createElement(tag));
  kbd.className = "si-key";
  kbd.textContent = key;
  dt.append(kbd);
  dd.textContent = meaning;
  list.append(dt, dd);
}

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

start();
