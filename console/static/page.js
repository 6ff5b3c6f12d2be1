// Makes pages smoother: words left, and the time until a deadline. Pages of drafts also have draft.js, and upload.js.
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
// everybody has no such time, so the server is asked. Whoever hears the page is told at a few moments only.
const language = document.documentElement.lang;
const counted = (number, unit) => new Intl.NumberFormat(language, { style: "unit", unit, unitDisplay: "long" }).format(number);
const MOMENTS = [0, 60, 300, 900, 3600]; // seconds before the deadline
const now = async (place) => {
  if (place.dataset.now) return Date.parse(place.dataset.now);
  const answer = await fetch("/health", { method: "HEAD", cache: "no-store" });
  return Date.parse(answer.headers.get("date"));
};
const count = async (place) => {
  const ahead = (await now(place)) - Date.now();
  if (Number.isNaN(ahead)) return;
  let before = 0;
  const tick = () => {
    const seconds = Math.max(0, Math.ceil((Date.parse(place.dataset.closes) - Date.now() - ahead) / 1000));
    const passed = MOMENTS.find((each) => seconds <= each && each < before);
    before = seconds;
    if (passed !== undefined) said(place.nextElementSibling, place.dataset[passed ? `at-${passed}` : "over"]);
    if (!seconds) return said(place, place.dataset.over);
    const parts = {
      days: counted(Math.floor(seconds / 86400), "day"),
      hours: counted(Math.floor(seconds / 3600) % 24, "hour"),
      minutes: counted(Math.floor(seconds / 60) % 60, "minute"),
      seconds: counted(seconds % 60, "second"),
    };
    const pattern = seconds >= 86400 ? place.dataset.days : seconds >= 3600 ? place.dataset.hours : place.dataset.minutes;
    said(place, filled(pattern, parts));
    setTimeout(tick, seconds >= 86400 ? 60000 : 1000);
  };
  place.hidden = false;
  tick();
};
for (const place of document.querySelectorAll("[data-closes]")) count(place).catch(() => {});

// What is wrong with a form is read first.
document.getElementById("faults")?.focus();
