// Sends the file of a form and shows how far it is. Without this script, the browser sends the form.
// What the service answers is shown as a page either way.

const said = (element, text) => { if (element && element.textContent !== text) element.textContent = text; };

const uploading = (form) => {
  const words = form.dataset;
  const [place, status] = ["[data-going]", "[data-told]"].map((each) => form.querySelector(each));
  const [progress, percent, cancel] = ["progress", "[data-percent]", "button"].map((each) => place.querySelector(each));
  const field = form.querySelector("input[type=file]");
  const buttons = [...form.querySelectorAll("button[type=submit]")];
  let request = null;

  const shows = (isGoing) => {
    place.hidden = !isGoing;
    for (const each of buttons) each.disabled = isGoing;
  };
  const ended = (text) => {
    request = null;
    shows(false);
    said(status, text);
    field.value = "";
    field.focus();
  };
  const reached = (done) => {
    progress.value = done;
    said(percent, words.percent.replace("{percent}", Math.floor(done * 100)));
  };
  const answered = ({ target }) => {
    request = null;
    if (target.status < 300) return location.assign(target.responseURL);
    const page = new DOMParser().parseFromString(target.responseText, "text/html");
    const main = page.querySelector("main");
    if (!main) return ended(words.broken);
    document.title = page.title;
    document.querySelector("main").replaceWith(main);
    begin();
    (document.getElementById("faults") ?? main).focus();
  };

  form.addEventListener("submit", (event) => {
    const file = field.files[0];
    if (!file) return; // the page says so
    event.preventDefault();
    if (request) return;
    if (file.size > Number(words.most)) return ended(words.tooLarge);
    said(status, "");
    const body = new FormData(form, event.submitter);
    reached(0);
    shows(true);
    cancel.focus();
    let isSent = false;
    request = new XMLHttpRequest();
    request.open("POST", form.action);
    request.upload.onprogress = ({ loaded, total }) => reached(total ? loaded / total : 0);
    request.upload.onload = () => { isSent = true; };
    request.onload = answered;
    request.onerror = () => ended(isSent ? words.unknown : words.broken);
    request.onabort = () => ended(isSent ? words.unknown : words.cancelled);
    request.send(body);
  });
  cancel.addEventListener("click", () => request?.abort());
  addEventListener("beforeunload", (event) => { if (request) event.preventDefault(); });
};

const begin = () => { for (const form of document.querySelectorAll("form[data-upload]")) uploading(form); };
begin();
