// Tells in an open list how many came in since it was read: in the list, in the title, in the menu and
// at the bell. It asks with the proof on the workbench, while the page is in sight. The proof is good
// for an hour after the last look, so a screen that everybody left falls silent.
const EVERY = 4000;
const LONGEST = 60000;
let proof, wait, timer;

const bench = () => document.querySelector("[data-nieuw]");

// A list that was read anew begins at none.
function begin() {
  const now = bench()?.dataset.nieuw;
  if (!now || now === proof) return;
  proof = now;
  wait = EVERY;
  mark("");
  later();
}

function later() {
  clearTimeout(timer);
  timer = setTimeout(ask, wait);
}

async function ask() {
  clearTimeout(timer);
  if (!proof || document.hidden) return;
  const asked = proof;
  const answer = await fetch(`/nieuw?bewijs=${encodeURIComponent(asked)}`, { redirect: "manual" }).catch(() => null);
  const count = answer?.ok ? (await answer.json()).nieuw : null;
  if (asked !== proof) return;
  if (answer && !answer.ok && answer.status < 500) return end();
  if (count !== null) tell(count);
  wait = count === null ? Math.min(wait * 2, LONGEST) : EVERY;
  later();
}

// Signed out, or nobody read the list for an hour: its link leads to signing in, or reads it anew.
function end() {
  proof = "";
  show("Deze lijst wordt niet meer bijgewerkt – verversen");
}

function tell(count) {
  const number = count > 99 ? "99+" : count ? String(count) : "";
  if (number === mark.told) return;
  mark(number);
  show(number && `${number} nieuwe ${bench().querySelector(".wb-new a").dataset.rest}`);
}

function show(words) {
  const link = bench()?.querySelector(".wb-new a");
  if (!link) return;
  link.textContent = words;
  link.hidden = !words;
}

// Beside the numbers of what waits for an answer, never added to them.
function mark(number) {
  mark.told = number;
  document.title = (number && `(${number}) `) + document.title.replace(/^\(\d+\+?\) /, "");
  document.querySelectorAll(".si-count--new").forEach((old) => old.remove());
  if (!number) return;
  for (const place of document.querySelectorAll(".si-nav .si-nav__link[aria-current], #bel > summary")) {
    const count = document.createElement("span");
    count.className = "si-count si-count--new";
    count.innerHTML = `<span class="si-visually-hidden">, </span>+${number}<span class="si-visually-hidden"> nieuw</span>`;
    place.append(count);
  }
}

document.addEventListener("visibilitychange", ask);
document.addEventListener("htmx:after:swap", begin);
begin();
