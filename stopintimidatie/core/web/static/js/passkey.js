// Passkeys: the browser asks its owner, and the answer goes along with an ordinary form. Without
// this file the form stays hidden, and the page offers an app with codes.
const TOO_OLD = "Uw browser kent geen passkeys. Werk uw browser bij, of gebruik een app met codes.";
const STOPPED = "Er is geen passkey gebruikt. Probeer het nog een keer, of kies een andere manier.";
const THERE = "Dit apparaat heeft al een passkey voor uw account. U hoeft hier niets meer te doen.";

function ask(form) {
  const options = JSON.parse(form.dataset.passkey);
  if (form.dataset.doel === "maken") {
    return navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options) });
  }
  return navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options) });
}

for (const form of document.querySelectorAll("form[data-passkey]")) {
  const notice = form.querySelector("[data-passkey-stand]");
  form.hidden = false;
  if (!window.PublicKeyCredential?.parseRequestOptionsFromJSON) {
    notice.textContent = TOO_OLD;
    form.querySelector("button").hidden = true;
    continue;
  }
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    notice.textContent = "";
    try {
      form.elements.passkey.value = JSON.stringify(await ask(form));
    } catch (error) {
      notice.textContent = error.name === "InvalidStateError" ? THERE : STOPPED;
      return;
    }
    form.submit();
  });
}
