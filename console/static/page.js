// Makes pages smoother: words left, the time until a deadline, and what is typed is saved by itself.
// Without this script every page works as well. Words come from the page, so that they are translated.

const said = (element, text) => { if (element && element.textContent !== text) element.textContent = text; };
const filled = (pattern, facts) => pattern.replace(/\{(\w+)\}/g, (_, name) => facts[name] ?? "");

// Words or characters left.
for (const field of document.querySelectorAll("[data-words], [data-characters]")) {
  const left = document.getElementById(`${field.id}-left`);
  const words = document.body.dataset;
  const most = Number(field.dataset.words || field.dataset.characters);
  const count = () => {
    const text = field.value.trim();
    const used = field.dataset.words ? (text ? text.split(/\s+/).length : 0) : [...field.value].length;
    const kind = field.dataset.words ? "words" : "characters";
    left.classList.toggle("over", used > most);
    said(left, filled(words[used > most ? `${kind}Over` : `${kind}Left`], { number: Math.abs(most - used).toLocaleString(document.documentElement.lang) }));
  };
  field.addEventListener("input", count);
  count();
}

// The time until a deadline, by the server's clock: `data-now` is when the server made the page. A page that is kept for
// everybody has no such time, so the server is asked.
const now = async (place) => {
  if (place.dataset.now) return Date.parse(place.dataset.now);
  const answer = await fetch("/health", { method: "HEAD", cache: "no-store" });
  return Date.parse(answer.headers.get("date"));
};
const count = async (place) => {
  const closes = Date.parse(place.dataset.closes);
  const ahead = (await now(place)) - Date.now();
  if (Number.isNaN(ahead)) return;
  const tick = () => {
    const seconds = Math.ceil((closes - Date.now() - ahead) / 1000);
    if (seconds <= 0) return said(place, place.dataset.over);
    const parts = { days: Math.floor(seconds / 86400), hours: Math.floor(seconds / 3600) % 24, minutes: Math.floor(seconds / 60) % 60, seconds: seconds % 60 };
    const pattern = seconds >= 86400 ? place.dataset.days : seconds >= 3600 ? place.dataset.hours : place.dataset.minutes;
    said(place, filled(pattern, parts));
    setTimeout(tick, seconds >= 86400 ? 60000 : 1000);
  };
  place.hidden = false;
  tick();
};
for (const place of document.querySelectorAll("[data-closes]")) count(place).catch(() => {});

// Saves what is typed, a moment after the typing ends. The page says what became of it.
for (const form of document.querySelectorAll("form[data-save]")) {
  const status = form.querySelector("[data-saved]");
  const words = form.dataset;
  const changed = new Set();
  let timer = 0, running = false;

  const fields = (name) => [...form.elements].filter((each) => each.name === name);
  const builtOn = (question) => form.elements[`builds-on-${question}`];
  const save = async () => {
    if (running || !changed.size) return;
    running = true;
    const names = [...changed];
    changed.clear();
    const body = new FormData();
    body.append("token", form.elements.token.value);
    for (const name of names) {
      body.append("question", name);
      for (const each of fields(name)) {
        if ((each.type === "radio" || each.type === "checkbox") && !each.checked) continue;
        body.append(name, each.value);
      }
      const built = builtOn(name.replace(/^q-/, ""));
      if (built) body.append(built.name, built.value);
    }
    said(status, words.saving);
    let reason = words.away;
    try {
      const answer = await fetch(form.dataset.save, { method: "POST", body, credentials: "same-origin", headers: { accept: "application/json" } });
      const isOurs = (answer.headers.get("content-type") || "").startsWith("application/json");
      const told = isOurs ? await answer.json() : {};
      if (isOurs || (answer.status < 500 && answer.status !== 429)) reason = told.detail || words.refused;
      if (!answer.ok || !isOurs) throw new Error(reason);
      for (const each of told.saved) {
        // Where somebody else came between, nobody here has seen their text: what is typed builds on the older one.
        const built = told.conflicts.includes(each.question) ? null : builtOn(each.question);
        if (built) built.value = each.version;
      }
      said(status, told.conflicts.length ? words.conflict : filled(words.savedAt, { time: told.time }));
    } catch {
      names.forEach((name) => changed.add(name));
      said(status, filled(words.failed, { reason }));
      timer = setTimeout(save, 10000);
    } finally {
      running = false;
      if (changed.size && !timer) timer = setTimeout(save, 1000);
    }
  };
  form.addEventListener("input", (event) => {
    const field = event.target;
    if (!field.name || field.type === "file" || field.type === "hidden") return;
    changed.add(field.name);
    clearTimeout(timer);
    timer = setTimeout(() => { timer = 0; save(); }, 1000);
  });
  form.addEventListener("submit", () => { clearTimeout(timer); changed.clear(); });
  document.addEventListener("visibilitychange", () => { if (document.visibilityState === "hidden") save(); });
}

// What is wrong with a form is read first.
document.getElementById("faults")?.focus();
