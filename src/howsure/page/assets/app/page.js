// Small pieces of the page: elements, names, and where the reader is.

/** Make an element: its class, its text, its children. Texts from logs come in here, and only as text. */
function make(tag, { text, children, ...attributes } = {}) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    element.setAttribute(name === "kind" ? "class" : name, value === true ? "" : value);
  }
  if (text !== undefined) element.textContent = visible(text);
  if (children) element.append(...children.filter((child) => child !== null));
  return element;
}

/** Show control, direction and invisible characters instead of obeying them, as visible.py does. */
function visible(text) {
  return String(text).replace(
    /[\u{0}-\u{1f}\u{7f}-\u{9f}\u{ad}\u{34f}\u{61c}\u{115f}\u{1160}\u{17b4}\u{17b5}\u{180b}-\u{180f}\u{3164}\u{ffa0}\u{200b}-\u{200f}\u{2028}-\u{202e}\u{2060}-\u{206f}\u{feff}\u{fff9}-\u{fffb}\u{fe00}-\u{fe0e}\u{1d173}-\u{1d17a}\u{e0000}-\u{e0fff}\u{d800}-\u{dfff}]/gu,
    (character) => {
      const code = character.codePointAt(0).toString(16);
      if (code.length > 4) return `\\U${code.padStart(8, "0")}`;
      return code.length < 3 ? `\\x${code.padStart(2, "0")}` : `\\u${code.padStart(4, "0")}`;
    },
  );
}

function at(id) {
  return document.getElementById(id);
}

/** Put HTML that the report's maker escaped already into an element. */
function fill(id, html) {
  at(id).innerHTML = html;
  at(id).hidden = html === "";
  if (lessonAddress !== null) linkChapters(at(id));
}

let lessonAddress = null;
const CHAPTER = /howsure guide ([1-9])/;

/** Link the chapters that warnings name to the lesson. */
function linkChapters(place) {
  for (const remedy of place.querySelectorAll(".warnings .remedy")) {
    const [before, chapter, after] = remedy.textContent.split(CHAPTER);
    if (chapter === undefined) continue;
    const link = make("a", { href: `${lessonAddress}#chapter=${chapter}`, text: `chapter ${chapter}` });
    remedy.replaceChildren(before, link, after);
  }
}

/** Fade the edge at which a wide table is cut off. */
function fadeCutEdges() {
  const mark = (place) => place.classList.toggle("cut", place.scrollWidth - place.clientWidth - place.scrollLeft > 2);
  const observer = new ResizeObserver((entries) => entries.forEach(({ target }) => mark(target.closest(".scroll"))));
  for (const place of document.querySelectorAll(".scroll")) {
    for (const each of [place, ...place.children]) observer.observe(each);
    place.addEventListener("scroll", () => mark(place), { passive: true });
  }
}

/** Leave out the leading parts (`provider/`) that all names share. */
function shortNames(names) {
  if (names.length < 2) return names;
  const parts = names.map((name) => name.split("/"));
  let shared = 0;
  while (parts.every((part) => part.length > shared + 1 && part[shared] === parts[0][shared])) shared += 1;
  return parts.map((part) => part.slice(shared).join("/"));
}

/** Leave out the dates that names begin with, where no other name then is the same. */
function undated(names) {
  const bare = names.map((name) => name.replace(/^20\d{6}[_-](?=.)/, ""));
  const counts = new Map();
  for (const name of bare) counts.set(name, (counts.get(name) ?? 0) + 1);
  return names.map((name, k) => (counts.get(bare[k]) === 1 ? bare[k] : name));
}

/** Cut the middle out of a long name. */
function shorten(name, width = 34) {
  const shown = visible(name);
  if (shown.length <= width) return shown;
  const kept = width - 1;
  return `${shown.slice(0, Math.ceil(kept / 2))}…${shown.slice(shown.length - Math.floor(kept / 2))}`;
}

/** Cut long names, but only so far that they stay distinct. */
function shortened(names, width) {
  const widths = names.map(() => width);
  const longest = Math.max(0, ...names.map((name) => visible(name).length));
  for (;;) {
    const texts = names.map((name, k) => shorten(name, widths[k]));
    const seen = new Map();
    for (const text of texts) seen.set(text, (seen.get(text) ?? 0) + 1);
    const alike = texts.map((text) => seen.get(text) > 1);
    if (!alike.some((same, k) => same && widths[k] < longest)) return texts;
    alike.forEach((same, k) => { if (same) widths[k] *= 2; });
  }
}

/** Name a row of a chart after each text, numbered where several look the same: a chart has one row a name. */
function distinct(texts) {
  const seen = new Map();
  return texts.map((full) => {
    const text = shorten(full, 20) || "(no name)";
    const before = seen.get(text) ?? 0;
    seen.set(text, before + 1);
    return before === 0 ? text : `${text} (${before + 1})`;
  });
}

/** Where the reader is: kept in the address, so that it can be sent and survives a reload. */
class Place {
  constructor() {
    this.read();
  }

  read() {
    this.values = new URLSearchParams(location.hash.slice(1));
  }

  get(name) {
    return this.values.get(name);
  }

  /** Keep where the reader is; `step`: as a step that Back undoes. A frame that may not touch its address keeps it in memory. */
  set(values, { step = false } = {}) {
    for (const [name, value] of Object.entries(values)) {
      if (value === null || value === "") this.values.delete(name);
      else this.values.set(name, value);
    }
    const address = `#${this.values}`;
    if (address === (location.hash || "#")) return;
    try {
      if (step) history.pushState(null, "", address);
      else history.replaceState(null, "", address);
    } catch {
      // a sandboxed frame has no history: the reader's place is kept here alone
    }
  }
}
