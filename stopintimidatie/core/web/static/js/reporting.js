// The public pages: away at once by key or button, and keeping the follow code. Without this file
// the button is a link, and the code can be written down.
function leave(event) {
  event.preventDefault();
  // What was typed is gone before the page is, also from what the browser would put back.
  for (const form of document.forms) form.reset();
  document.body.hidden = true;
  window.location.replace(document.querySelector("[data-weg]").href);
}

const exit = document.querySelector("[data-weg]");
if (exit) {
  exit.addEventListener("click", leave);
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") leave(event);
  });
}

// A step is looked at before the next one opens. Without mistakes the page stays as it is, so that
// the browser's own way back loses nothing; without an answer one goes on, for the last button asks again.
document.addEventListener("click", async (event) => {
  const button = event.target.closest("button[name=stap]");
  if (!button) return;
  // Enter presses the first button of a form, also of a step that isn't shown.
  const shown = [...button.form.querySelectorAll("button[name=stap], button[name=versturen]")].find((other) => other.offsetParent);
  if (!shown || shown === button) {
    if ("opnieuw" in button.dataset) return;
  }
  event.preventDefault();
  if (shown && shown !== button) return shown.click();
  const body = new URLSearchParams(new FormData(button.form, button));
  const answer = await fetch(button.formAction, { method: "POST", body }).catch(() => null);
  if (answer && !answer.ok) return button.form.requestSubmit(button);
  forgetErrors();
  location.hash = button.dataset.verder;
});

// What was wrong in a step is right now: the page says so no longer.
function forgetErrors() {
  document.querySelectorAll(".si-error-summary, .utrecht-form-field-error-message").forEach((part) => part.remove());
  document.querySelectorAll("[aria-invalid]").forEach((control) => control.removeAttribute("aria-invalid"));
  for (const part of document.querySelectorAll("[class*='--invalid']")) {
    part.classList.remove(...[...part.classList].filter((name) => name.endsWith("--invalid")));
  }
}

// A file that is too large would be refused with all that was typed: it is left out, and said so.
document.addEventListener("change", ({ target }) => {
  if (target.type !== "file") return;
  const large = target.files[0]?.size > Number(target.dataset.most);
  if (large) target.value = "";
  target.setCustomValidity(large ? target.dataset.teGroot : "");
  target.reportValidity();
});

for (const part of document.querySelectorAll("[data-met-script]")) part.hidden = false;

const code = document.querySelector("[data-code]");
document.querySelector("[data-afdrukken]")?.addEventListener("click", () => window.print());
document.querySelector("[data-kopieren]")?.addEventListener("click", async () => {
  const notice = document.querySelector("[data-gekopieerd]");
  const lines = [...code.querySelectorAll("dt")].map(
    (term) => `${term.textContent}: ${term.nextElementSibling.textContent}`,
  );
  try {
    await navigator.clipboard.writeText(lines.join("\n"));
    notice.textContent = notice.dataset.gelukt;
  } catch {
    notice.textContent = notice.dataset.mislukt;
  }
});

// Where the device is: asked of it only when the button is pressed, and sent only with the report.
for (const part of document.querySelectorAll("[data-plek]")) {
  const notice = part.querySelector("[data-plek-stand]");
  const away = part.querySelector("[data-plek-weg]");
  const here = part.querySelector("[data-plek-hier]");
  here.hidden = !navigator.geolocation;
  const fillPoint = ({ coords }) => {
    const accuracy = Math.min(Math.max(Math.round(coords.accuracy), 1), 999999);
    const place = [coords.latitude, coords.longitude].map((degrees) => degrees.toFixed(6));
    part.querySelector("input").value = [...place, accuracy, "gps"].join(",");
    notice.textContent = notice.dataset.gekozen;
    away.hidden = false;
  };
  const failed = () => {
    notice.textContent = notice.dataset.mislukt;
  };
  here.addEventListener("click", () => {
    notice.textContent = notice.dataset.bezig;
    const how = { enableHighAccuracy: true, timeout: 20000, maximumAge: 0 };
    navigator.geolocation.getCurrentPosition(fillPoint, failed, how);
  });
}
