// On pages where an application is written: shows questions as they are asked, saves what is typed, and keeps what is not
// saved yet. Without this script, the buttons of the page save. Words come from the page, so that they are translated.

const said = (element, text) => { if (element && element.textContent !== text) element.textContent = text; };
const filled = (pattern, facts) => pattern.replace(/\{(\w+)\}/g, (_, name) => facts[name] ?? "");
const LONGEST = 20000; // milliseconds that an answer of the service may take
const TYPED = 1000; // milliseconds after the typing ends
const AGAIN = 5000; // milliseconds until what did not work is tried again

const named = (form, name) => [...form.elements].filter((each) => each.name === name);
const isTyped = (field) => field.name && field.type !== "file" && field.type !== "hidden";

// A question that hangs on another is there only while the other has that answer. What was typed there stays.
const ask = (form) => {
  for (const question of form.querySelectorAll("[data-asked-if]")) {
    const others = named(form, question.dataset.askedIf);
    const meets = (each) => each.checked && each.value === question.dataset.answer && !each.closest("[data-asked-if][hidden]");
    const isAsked = others.length ? others.some(meets) : question.dataset.asked === "yes";
    question.hidden = !isAsked && !question.querySelector("[aria-invalid], .ds_inset-text");
  }
};

// A form is bound to a sign-in. After another sign-in, the page itself has the right token for its forms, if whoever is
// signed in may see the page.
const renewed = async (form) => {
  const answer = await fetch(location.pathname + location.search, { cache: "no-store", signal: AbortSignal.timeout(LONGEST) });
  if (!answer.ok || answer.redirected) return false;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const token = page.querySelector("main input[name=token]")?.value;
  if (!token || token === form.elements.token.value) return false;
  for (const each of document.querySelectorAll("input[name=token]")) each.value = token;
  return true;
};

// Whoever writes for long sees a deadline that was moved meanwhile. The script of all pages counts down to it.
const moveDeadline = ({ closes, until }) => {
  const place = document.querySelector("main [data-closes]");
  if (!place || place.dataset.closes === closes) return;
  place.dataset.closes = closes;
  const shown = place.parentElement.querySelector("time");
  shown.dateTime = closes;
  shown.textContent = until;
};

class Refused extends Error {}
class SignedOut extends Error {} // its message is the status of the answer

// What is typed into the form of a draft, and whether it is saved.
class Saving {
  constructor(form) {
    this.form = form;
    this.words = form.dataset;
    this.status = form.querySelector("[data-saved]");
    this.signIn = form.querySelector("[data-sign-in]");
    this.changed = new Set(); // names of fields
    this.going = null;
    this.stays = false; // whether the page has to stay open, because nothing can be saved now
    this.isSignedOut = false;
    this.wasNobody = false; // whether nobody was signed in since
    this.timer = 0;
  }

  get isUnsaved() { return this.changed.size > 0 || this.going !== null; }

  typed(field) {
    this.changed.add(field.name);
    if (!this.isSignedOut) this.later(TYPED);
  }

  later(milliseconds) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => (this.isSignedOut ? this.lookAgain() : this.save()), milliseconds);
  }

  // Saves all that is not saved. One request after the other: each answer is built on the version before.
  save() {
    this.going ??= this.#saveAll().finally(() => { this.going = null; });
    return this.going;
  }

  async #saveAll() {
    while (this.changed.size && !this.isSignedOut) {
      const names = [...this.changed];
      this.changed.clear();
      said(this.status, this.words.saving);
      try {
        this.#took(await this.#send(names));
        this.stays = false;
      } catch (fault) {
        names.forEach((name) => this.changed.add(name));
        this.#failed(fault);
        return;
      }
    }
  }

  async #send(names) {
    let answer = await this.#post(names);
    const isOver = () => [401, 403, 404].includes(answer.status);
    if (isOver() && (await renewed(this.form))) answer = await this.#post(names);
    if (isOver()) throw new SignedOut(answer.status);
    const isOurs = (answer.headers.get("content-type") || "").startsWith("application/json");
    const told = isOurs ? await answer.json() : { detail: this.words.refused };
    if (answer.status >= 500 || answer.status === 429) throw new Error(answer.status);
    if (!answer.ok || !isOurs) throw new Refused(told.detail);
    return told;
  }

  #post(names) {
    const body = new FormData();
    body.append("token", this.form.elements.token.value);
    for (const name of names) {
      body.append("question", name);
      for (const each of named(this.form, name)) {
        if ((each.type === "radio" || each.type === "checkbox") && !each.checked) continue;
        body.append(name, each.value);
      }
      const built = this.#builtOn(name.replace(/^q-/, ""));
      if (built) body.append(built.name, built.value);
    }
    const headers = { accept: "application/json" };
    return fetch(this.words.save, { method: "POST", body, headers, signal: AbortSignal.timeout(LONGEST) });
  }

  #builtOn(question) { return this.form.elements[`builds-on-${question}`]; }

  #took(told) {
    for (const each of told.saved) {
      // Where somebody else came between, nobody here has seen their text: what is typed builds on the older one.
      const built = told.conflicts.includes(each.question) ? null : this.#builtOn(each.question);
      if (built) built.value = each.version;
    }
    moveDeadline(told);
    said(this.status, told.conflicts.length ? this.words.conflict : filled(this.words.savedAt, { time: told.time }));
  }

  // A refusal is not tried again by itself: it would be the same, and each is on the record.
  #failed(fault) {
    this.isSignedOut = fault instanceof SignedOut;
    this.wasNobody = this.isSignedOut && fault.message === "401";
    this.stays = !(fault instanceof Refused);
    this.signIn.hidden = !this.isSignedOut;
    if (this.isSignedOut) said(this.status, this.words.ended);
    else said(this.status, this.stays ? this.words.offline : filled(this.words.failed, { reason: fault.message }));
    if (this.isSignedOut && !this.wasNobody) this.lookAgain();
    else if (this.stays) this.later(AGAIN);
  }

  // Goes on if somebody has signed in meanwhile, in another tab. While somebody else is signed in, only whoever comes back
  // to this page has it tried again: each try is on the record.
  async lookAgain(isBack = false) {
    if (!this.isSignedOut) return;
    const wanted = { method: "HEAD", redirect: "manual", cache: "no-store", signal: AbortSignal.timeout(LONGEST) };
    const isSomebody = (await fetch("/account", wanted).catch(() => null))?.ok;
    if (isSomebody && (this.wasNobody || isBack)) {
      this.isSignedOut = false;
      this.signIn.hidden = true;
      return this.save();
    }
    this.wasNobody ||= !isSomebody;
    this.later(AGAIN);
  }
}

const writing = (form) => {
  const saving = new Saving(form);
  let isLeaving = false, isPressed = false;
  form.addEventListener("input", ({ target }) => { if (isTyped(target)) saving.typed(target); });
  form.addEventListener("submit", async (event) => {
    isLeaving ||= !saving.isUnsaved;
    if (isLeaving) return;
    event.preventDefault();
    if (isPressed) return;
    isPressed = true;
    await saving.save();
    isPressed = false;
    if (saving.stays && saving.isUnsaved) return; // the page says why
    isLeaving = true;
    form.requestSubmit(event.submitter);
  });
  addEventListener("online", () => { if (saving.changed.size) saving.save(); });
  addEventListener("focus", () => saving.lookAgain(true));
  addEventListener("pageshow", () => { isLeaving = false; });
  document.addEventListener("visibilitychange", () => { if (document.visibilityState === "hidden") saving.save(); });
  // Whoever leaves by a link, or signs out, saves first. If nothing can be saved, the browser asks whether to leave.
  document.addEventListener("click", async (event) => {
    const link = event.target.closest("a[href]");
    const isPlain = !event.button && !event.ctrlKey && !event.metaKey && !event.shiftKey && !event.altKey;
    if (!link || !isPlain || link.target || link.getAttribute("href").startsWith("#") || !saving.isUnsaved) return;
    event.preventDefault();
    await saving.save();
    location.assign(link.href);
  });
  document.addEventListener("submit", async (event) => {
    if (event.target === form || !saving.isUnsaved) return;
    event.preventDefault();
    await saving.save();
    event.target.submit();
  });
  addEventListener("beforeunload", (event) => {
    if (isLeaving || !saving.isUnsaved) return;
    saving.save();
    event.preventDefault();
  });
};

// A page whose draft is not there yet saves nothing by itself. Its form goes only if there is a connection.
const beginning = (form) => {
  let isTouched = false, isPressed = false;
  form.addEventListener("input", ({ target }) => { isTouched ||= isTyped(target); });
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (isPressed) return;
    isPressed = true;
    try {
      await renewed(form);
      isTouched = false;
      const { submitter } = event;
      if (submitter?.name) form.append(Object.assign(document.createElement("input"), { type: "hidden", name: submitter.name, value: submitter.value }));
      form.submit();
    } catch {
      said(form.querySelector("[data-saved]"), form.dataset.offline);
    }
    isPressed = false;
  });
  addEventListener("beforeunload", (event) => { if (isTouched) event.preventDefault(); });
};

for (const form of document.querySelectorAll("form[data-save], form[data-begins]")) {
  ask(form);
  form.addEventListener("input", () => ask(form));
  if (form.dataset.save) writing(form);
  else beginning(form);
}
