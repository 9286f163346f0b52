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
  tell.timer = setTimeout(hush, 4000);
}

// What was told is about the key before: it goes with the next one.
function hush() {
  document.getElementById("werkbank-zegt")?.remove();
}
document.addEventListener("keydown", hush, true);

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
  if (!panel || !panel.childElementCount || !leaves()) return;
  panel.replaceChildren();
  const from = pressed && bench()?.querySelector(`.wb-keys [data-key="${CSS.escape(pressed)}"]`);
  (from || heading())?.focus();
});

// Enter begins a line in a text: with Ctrl it sends what stands in the panel.
document.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.repeat || !(event.ctrlKey || event.metaKey)) return;
  const send = panelOf()?.contains(event.target) && event.target.form?.querySelector(".si-buttons button[type=submit]");
  if (!send) return;
  event.preventDefault();
  send.click();
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

// What an answer takes the place of: the workbench or its panel; similar reports load by themselves.
function taken(ctx) {
  const target = typeof ctx.target === "string" ? document.querySelector(ctx.target) : ctx.target;
  return target?.matches("[data-werkbank], [data-paneel]") ? target : null;
}
const panelOf = () => bench()?.querySelector("[data-paneel]");
const posts = (ctx) => ctx.request.method === "POST";

// Text in the panel that wasn't sent: nothing takes its place without a question.
let typed = false;
document.addEventListener("input", (event) => {
  if (event.target.matches("[data-werkbank] [data-paneel] :is(textarea, input[type=text])")) typed = true;
});

function leaves() {
  if (typed && !confirm("U typte iets dat nog niet is verstuurd. Weggooien?")) return false;
  typed = false;
  return true;
}

document.addEventListener("htmx:before:request", (event) => {
  const { ctx } = event.detail;
  // A second press on a button in a panel waited for the first, whose answer took the panel away.
  if (!ctx.sourceElement.isConnected) return event.preventDefault();
  if (!bench() || !taken(ctx) || (posts(ctx) && ctx.sourceElement.closest("[data-paneel]"))) return;
  if (!leaves()) event.preventDefault();
});
addEventListener("beforeunload", (event) => { if (typed) event.preventDefault(); });

// Says in the panel why it failed, above what was typed there: without words, that one is signed out.
function fail(words) {
  const panel = panelOf();
  panel?.querySelector("[data-mislukt]")?.remove();
  const notice = document.getElementById("afgemeld-melding")?.content.firstElementChild.cloneNode(true);
  if (!panel || !notice) return;
  notice.dataset.mislukt = "";
  if (words) notice.querySelector("p").textContent = typed ? `${words} Wat u typte, staat hier nog.` : words;
  panel.prepend(notice);
  notice.focus({ preventScroll: true });
  notice.scrollIntoView({ block: "nearest" });
}

// A form counts with the token of who is signed in now: fetch that, and put it in the forms that
// are open. Tells whether anybody is signed in.
async function renew() {
  const answer = await fetch(location.href);
  if (new URL(answer.url).pathname === "/aanmelden") return false;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const token = page.querySelector("[name=csrf_token]")?.value;
  for (const field of token ? document.querySelectorAll("[name=csrf_token]") : []) field.value = token;
  return true;
}

let signedOut = false;
async function explain(status) {
  if (status === 404) return fail("Er is niets verstuurd: deze melding is niet meer bij u. Kopieer uw tekst als u die wilt bewaren.");
  if (status !== 400 && status !== 403) {
    return fail("Het is niet gelukt. Probeer het over een minuut nog een keer.");
  }
  signedOut = !await renew();
  if (signedOut && !typed) return location.reload();
  if (signedOut) return fail();
  fail(status === 403
    ? "Dit mag u niet met uw rol. Er is niets verstuurd."
    : "Er is nog niets verstuurd: u hebt intussen opnieuw aangemeld, of deze pagina stond lang open. Verstuur het nog een keer.");
}

// Back from the tab in which one signed in.
addEventListener("focus", async () => {
  if (!signedOut || !await renew().catch(() => false)) return;
  signedOut = false;
  fail("U bent weer aangemeld. Verstuur het nog een keer.");
});

// An answer that is no part is a page of its own: signed out meanwhile, or a refusal.
document.addEventListener("htmx:before:response", (event) => {
  const { ctx } = event.detail;
  const { raw, headers } = ctx.response;
  if (!bench()) return;
  if (headers.has("X-Deel")) {
    if (headers.has("HX-Redirect")) typed = false;
    return;
  }
  event.preventDefault();
  if (!taken(ctx)) return;
  if (posts(ctx) && raw.status >= 400) return void explain(raw.status).catch(noConnection);
  typed = false;
  location.assign(raw.redirected ? raw.url : location.href);
});

function noConnection() {
  fail("Het is niet gelukt: er is geen verbinding. Probeer het nog een keer.");
}
document.addEventListener("htmx:error", ({ detail: { ctx } }) => {
  if (ctx && !ctx.response && taken(ctx)) noConnection();
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
  const { ctx } = event.detail;
  const target = taken(ctx);
  if (!here || !target) return;
  // What a form answers in its panel has what was typed: a mistake, or the question about danger.
  typed = typed && posts(ctx) && target.matches("[data-paneel]");
  hush();
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

// All rows at once, and how many are chosen; without script each row has its own box.
function countChosen() {
  const all = bench()?.querySelector("[data-alles]");
  if (!all) return;
  const boxes = [...bench().querySelectorAll(".wb-row__choose input")];
  const chosen = boxes.filter((box) => box.checked).length;
  all.hidden = !boxes.length;
  all.querySelector("input").checked = chosen > 0 && chosen === boxes.length;
  all.querySelector("output").textContent = chosen ? `${chosen} gekozen` : "";
}
document.addEventListener("change", ({ target }) => {
  if (!target.closest(".wb-choose")) return;
  if (target.closest("[data-alles]")) {
    for (const box of bench().querySelectorAll(".wb-row__choose input")) box.checked = target.checked;
  }
  countChosen();
});
document.addEventListener("htmx:after:swap", countChosen);

settle();
countChosen();
