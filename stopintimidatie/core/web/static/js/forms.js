// Sending a form: once, and not into the void.

// An impatient second click would send it twice: of what is on its way, it waits for the answer. An
// answer that is a file leaves the page as it is, so after a while the form may be sent again.
const PATIENCE = 10000;
// Who works on a text for long may have been signed out meanwhile, and would lose it.
const LONG = 15 * 60 * 1000;
const opened = Date.now();

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented || form.method !== "post") return;
  if ("onderweg" in form.dataset) return event.preventDefault();
  form.dataset.onderweg = "";
  setTimeout(() => release(form), PATIENCE);
  const long = Date.now() - opened > LONG && "ingelogd" in document.body.dataset;
  if (!long || form.dataset.gevraagd === "ja") return;
  event.preventDefault();
  ask(form, event.submitter);
});

async function ask(form, submitter) {
  const inside = await signedIn();
  release(form);
  if (!inside) return tell(form);
  form.dataset.gevraagd = "ja";
  form.requestSubmit(submitter);
  delete form.dataset.gevraagd;
}

async function signedIn() {
  try {
    const answer = await fetch(location.href, { method: "HEAD", redirect: "manual" });
    return answer.type !== "opaqueredirect";
  } catch {
    return true;
  }
}

function tell(form) {
  document.getElementById("afgemeld")?.remove();
  const notice = document.getElementById("afgemeld-melding").content.cloneNode(true);
  form.prepend(notice);
  document.getElementById("afgemeld").focus();
}

// Whoever says to have seen something has opened it at least. Ticked is it after a refused form.
for (const door of document.querySelectorAll("details[data-maakt-vrij]")) {
  for (const box of document.getElementsByName(door.dataset.maaktVrij)) {
    box.disabled = !door.open && !box.checked;
    door.addEventListener("toggle", () => (box.disabled = false), { once: true });
  }
}

function release(form) {
  delete form.dataset.onderweg;
}

// Whoever goes back finds the page as it was left.
window.addEventListener("pageshow", () => document.querySelectorAll("form[data-onderweg]").forEach(release));

// A reply that is chosen is filled in at once, by the server, which knows the day that was typed. Who
// walks through the list with the arrows stays in it.
document.addEventListener("change", async ({ target }) => {
  if (!target.matches("select[name$='.sjabloon']") || !target.value) return;
  const button = target.parentElement.querySelector("[name$='.invullen']");
  const area = document.getElementById(target.id.replace(/-sjabloon$/, ""));
  const headers = target.closest("[data-paneel]") ? { "HX-Request-Type": "partial" } : {};
  const body = new URLSearchParams(new FormData(target.form, button));
  const answer = await fetch(target.form.action, { method: "POST", body, headers }).catch(() => null);
  const page = new DOMParser().parseFromString(answer?.ok ? await answer.text() : "", "text/html");
  const filled = page.getElementById(area.id);
  if (!filled) return button.click();
  area.value = filled.value;
  area.dispatchEvent(new Event("input", { bubbles: true }));
});

// What was typed in a form with data-bewaken isn't left without a question.
let typed = Boolean(document.querySelector("[data-bewaken] .si-error-summary"));
document.addEventListener("input", ({ target }) => { typed ||= Boolean(target.closest("[data-bewaken]")); });
document.addEventListener("submit", (event) => { typed &&= event.defaultPrevented; });
addEventListener("beforeunload", (event) => { if (typed) event.preventDefault(); });

// After a refused form the summary of what is wrong gets the focus, also when the form came by htmx.
function focusErrors() {
  const summary = document.querySelector(".si-error-summary");
  if (summary) summary.focus();
}

focusErrors();
// A fragment in the address takes the focus away again.
addEventListener("load", focusErrors);
document.addEventListener("htmx:after:swap", focusErrors);
