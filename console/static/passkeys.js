// Makes or uses a passkey, and sends what the browser says about it with the form. The server checks all of it.

const form = document.querySelector("form[data-passkey]");
const status = document.querySelector("[data-status]");
document.querySelector("[data-without-scripts]").hidden = true;

const SAID = {
  NotAllowedError: "It was stopped, or took too long. Press the button to try again.",
  InvalidStateError: "This device has a passkey for you already. Use it, or choose another device.",
  SecurityError: "This page is not at the address that passkeys need. Tell the programme office.",
};

async function ask() {
  const options = JSON.parse(form.dataset.options);
  if (form.dataset.passkey === "create") {
    return navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options) });
  }
  return navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options) });
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  status.textContent = "Your browser asks for the passkey.";
  try {
    form.elements.answer.value = JSON.stringify((await ask()).toJSON());
  } catch (error) {
    status.textContent = SAID[error.name] ?? "This browser cannot do it. Bring it up to date, or use another browser.";
    return;
  }
  form.submit();
});
