// The workbench: a list, the document in hand and its decisions. Without this script it is links and
// forms; with it the row in hand stays in sight, a decision that must be read for first is grey until
// the end of the account was in view, and a key that can't be used now says why.
const bench = () => document.querySelector("[data-werkbank]");
let watcher = null;
let shown = inHand();
// The report of which the end of the account was in view.
let read = null;

function inHand() {
  return bench()?.querySelector("#gekozen-melding a")?.getAttribute("href") ?? location.pathname;
}

function settle() {
  const here = bench();
  if (!here) return;
  // The list ends above the bar, wherever it begins.
  const top = here.querySelector(".wb")?.getBoundingClientRect().top + scrollY;
  if (top) document.documentElement.style.setProperty("--wb-top", `${Math.round(top)}px`);
  showCurrent(here);
  guard(here);
}

// Scrolls the list alone, never the page.
function showCurrent(here) {
  const row = here.querySelector("[data-rij]:has([aria-current])");
  const list = row?.closest("[data-rollen]");
  if (!row || list.scrollHeight <= list.clientHeight) return;
  const [at, within, room] = [row.getBoundingClientRect(), list.getBoundingClientRect(), row.offsetHeight];
  if (at.top - room < within.top) list.scrollTop -= within.top - at.top + room;
  const end = Math.min(within.bottom, here.querySelector(".wb-done")?.getBoundingClientRect().top ?? innerHeight);
  if (at.bottom + room > end) list.scrollTop += at.bottom - end + room;
}

function guard(here) {
  watcher?.disconnect();
  const end = here.querySelector("[data-verhaal-einde]");
  const buttons = [...here.querySelectorAll("[data-na-lezen]")];
  if (!end || !buttons.length || read === inHand()) return;
  for (const button of buttons) {
    button.setAttribute("aria-disabled", "true");
    button.dataset.reden = "eerst het verhaal lezen";
  }
  watcher = new IntersectionObserver((seen) => {
    if (!seen.some((entry) => entry.isIntersecting)) return;
    watcher.disconnect();
    read = inHand();
    for (const button of buttons) {
      button.removeAttribute("aria-disabled");
      delete button.dataset.reden;
    }
  });
  watcher.observe(end);
}

function tell(text) {
  const here = bench();
  if (!here) return;
  let line = document.getElementById("werkbank-zegt");
  if (!line) {
    line = document.createElement("p");
    line.id = "werkbank-zegt";
    line.className = "wb-says";
    line.setAttribute("role", "status");
    document.body.append(line);
  }
  line.textContent = text;
  clearTimeout(tell.timer);
  tell.timer = setTimeout(() => line.remove(), 4000);
}

// What is grey does nothing, but says why. In the first phase: before htmx hears of the press.
document.addEventListener("click", (event) => {
  const button = event.target.closest("[aria-disabled=true]");
  if (!button || !button.closest("[data-werkbank]")) return;
  event.preventDefault();
  event.stopPropagation();
  const key = button.dataset.key ? `${button.dataset.key} kan nu niet: ` : "";
  tell(`${key}${button.dataset.reden ?? "dit kan nu niet"}.`);
}, true);

// The decision that was pressed last, by its key: the element itself may be replaced meanwhile.
let pressed = null;
document.addEventListener("click", (event) => {
  pressed = event.target.closest(".wb-keys [data-key]")?.dataset.key ?? pressed;
}, true);

// A key that leaves the panel: the focus goes back to the decision that opened it.
document.addEventListener("keydown", (event) => {
  const panel = event.key === "Escape" && document.querySelector("[data-paneel]");
  if (!panel || !panel.childElementCount) return;
  panel.replaceChildren();
  const from = pressed && bench()?.querySelector(`.wb-keys [data-key="${CSS.escape(pressed)}"]`);
  (from || heading())?.focus();
});

// What the pane shows; without a document in hand, the name of the list.
function heading() {
  const line = bench()?.querySelector(".wb-head h2") ?? bench()?.querySelector("h1");
  line?.setAttribute("tabindex", "-1");
  return line;
}

// Whether the focus was somewhere before an answer took the place of what had it.
let focused = false;
document.addEventListener("htmx:before:swap", () => { focused = document.activeElement !== document.body; });

// An answer that is no part is a page of its own: signed out meanwhile, or a refusal.
document.addEventListener("htmx:before:response", (event) => {
  const { ctx } = event.detail;
  if (!bench() || ctx.response.headers.has("X-Deel")) return;
  event.preventDefault();
  if (ctx.target.matches("[data-werkbank], [data-paneel]")) location.assign(ctx.response.raw.redirected ? ctx.response.raw.url : location.href);
});

// The page stays as it was scrolled, unless the panel with its button would be out of sight. What is
// filled in is selected, so that typing takes its place.
function show(wanted) {
  wanted.focus({ preventScroll: true });
  if (wanted.matches("input[list]")) wanted.select();
  const buttons = wanted.closest("form, .wb-panel, [data-paneel]")?.querySelectorAll("button[type=submit]") ?? [];
  buttons[buttons.length - 1]?.scrollIntoView({ block: "nearest" });
  // With its question above it.
  (wanted.closest(".si-field") ?? wanted).scrollIntoView({ block: "nearest" });
}

document.addEventListener("htmx:after:swap", (event) => {
  const here = bench();
  // Similar reports load by themselves: they take away no message and no focus.
  if (!here || !event.detail.ctx.target.matches("[data-werkbank], [data-paneel]")) return;
  document.querySelectorAll("main > .si-flash").forEach((old) => old.remove());
  settle();
  // The next one is read from its beginning; on a phone the page itself is scrolled.
  if (inHand() !== shown) {
    shown = inHand();
    here.querySelector("[data-leesvenster]")?.scrollTo(0, 0);
    if (matchMedia("(max-width: 48rem)").matches) scrollTo(0, 0);
  }
  const panel = here.querySelector("[data-paneel]");
  const wanted = panel?.querySelector("[data-eerst], .si-error-summary")
    ?? panel?.querySelector(".wb-form :is(input:not([type=hidden]), select, textarea)");
  if (wanted) show(wanted);
  else if (focused && document.activeElement === document.body) heading()?.focus({ preventScroll: true });
});

settle();
