// Makes or uses a passkey, and sends what the browser says about it with the form. The server checks all of it.

const form = document.querySelector("form[data-passkey]");
const status = document.querySelector("[data-status]");
document.querySelector("[data-without-scripts]").hidden = true;

// The words stand in the page, where they were translated.
const SAID = {
  NotAllowedError: form.dataset.sayStopped,
  InvalidStateError: form.dataset.sayHasOne,
  SecurityError: form.dataset.sayElsewhere,
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
  status.textContent = form.dataset.sayAsking;
  try {
    form.elements.answer.value = JSON.stringify((await ask()).toJSON());
  } catch (error) {
    status.textContent = SAID[error.name] ?? form.dataset.sayCannot;
    return;
  }
  form.submit();
});
