// Refreshes the progress of long work in place. Without script the page refreshes itself.
const INTERVAL = 2000;
const LONGEST = 30000;

function start() {
  for (const element of document.querySelectorAll("[data-voortgang]:not([data-gestart])")) {
    element.dataset.gestart = "";
    follow(element, INTERVAL);
  }
}

function follow(element, wait) {
  setTimeout(async () => {
    if (!element.isConnected) return;
    const fresh = await fetchPart(element.dataset.voortgang, element);
    if (fresh === null) return follow(element, Math.min(wait * 2, LONGEST));
    if (!fresh.matches("[data-voortgang]")) return location.reload();
    for (const part of ["progress", "[role=status]"]) copy(element, fresh, part);
    follow(element, INTERVAL);
  }, wait);
}

function copy(element, fresh, selector) {
  const [now, then] = [element.querySelector(selector), fresh.querySelector(selector)];
  if (!now || !then) return;
  if ("value" in now && then.hasAttribute("value")) now.value = Number(then.getAttribute("value"));
  if (now.textContent !== then.textContent) now.textContent = then.textContent;
}

async function fetchPart(address, element) {
  try {
    const answer = await fetch(address, { headers: { Accept: "text/html" } });
    if (!answer.ok || answer.redirected) return null;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const id = element.querySelector("progress")?.id;
    const bar = id && page.getElementById(id);
    return bar ? bar.closest(".si-progress") : document.createElement("div");
  } catch {
    return null;
  }
}

start();
document.addEventListener("htmx:after:swap", start);
