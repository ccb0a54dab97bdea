// A chapter in use: its values, what changes them, and what shows them.
//
// Its HTML says what hangs on which value: `data-value` on a control (a range, select, checkbox, radio button or line of text), or on a
// number in a sentence that can be dragged; with `data-unit` and `data-digits`, and `data-reads` for a range that shows another value than
// its own. `data-show` is a place for a text, `data-figure` a figure, `data-do` a button, `data-part` what only some results have,
// `data-guess` where the guess is asked, and `data-after` what waits for it (guess.js). The chapter's program has `values` (where they
// begin), `fit` (what a board changes in them), `guess`, `draw` (fills texts and figures in), and what buttons do.

const SPOKEN_AFTER = 700;
const PIXELS_A_STEP = 4;
const ONE_MODEL = "These results hold one model only, and much of this chapter compares two. Choose other results above, or read on without them.";
const CALM = matchMedia("(prefers-reduced-motion: reduce)");

/** Where the reader set the switch for clusters, by board: it is one for all chapters. */
const grouping = new Map();

/** Whether clusters count now. */
function clustersCount(board) {
  return grouping.get(board) ?? countsClusters(board);
}

/** Whether clusters count by default, as the commands have it: not where they are so few that more questions from the same ones are meant. */
function countsClusters({ clusters, same }) {
  return clusters !== null && !same;
}

class Sheet {
  constructor(root, chapter) {
    this.root = root;
    this.chapter = chapter;
    this.values = { ...chapter.values };
    this.state = {};
    this.drags = {};
    this.moved = 1;
    this.guess = null;
    this.bind();
  }

  /** Begin with the results that the reader chose. */
  start(board) {
    this.board = board;
    this.width = null;
    this.values = { ...this.chapter.values };
    this.state = {};
    this.part("grouped", board.clusters !== null);
    Object.assign(this.values, this.chapter.fit?.(this, board));
    if ("whole" in this.values) this.values.whole = countsClusters(board);
    this.begun = { ...this.values };
    this.guess = this.chapter.guess ? new Guess(this) : null;
    this.part("single", board.models.length < 2);
    this.draw();
  }

  /** Change values, and draw once before the next frame. */
  set(changes) {
    Object.assign(this.values, changes);
    if ("whole" in changes) grouping.set(this.board, changes.whole);
    this.redraw();
  }

  redraw() {
    this.frame ??= requestAnimationFrame(() => this.draw());
  }

  draw() {
    this.frame = null;
    if (this.root.hidden) return;
    const focus = document.activeElement?.dataset?.handle;
    this.drags = {};
    if ("whole" in this.values) this.values.whole = clustersCount(this.board);
    this.moved = this.motion ? easedOut((performance.now() - this.motion.began) / this.motion.lasts) : 1;
    this.guess?.veil(); // before the pictures: one that is hidden has no width
    this.chapter.draw(this);
    this.guess?.show();
    tellStory(this);
    this.showValues();
    fillCommands(this);
    this.holdHeights();
    this.kept?.();
    if (this.moved < 1) this.redraw();
    if (focus) this.root.querySelector(`[data-handle="${focus}"]`)?.focus({ preventScroll: true });
  }

  /** Let the next pictures glide for so many milliseconds, `moved` going from 0 to 1; at once where the reader wants no motion. */
  glide(lasts) {
    this.motion = CALM.matches ? null : { began: performance.now(), lasts };
  }

  /** A sentence that grew longer keeps its height until the width changes: what is below it doesn't jump again. */
  holdHeights() {
    const width = this.root.clientWidth;
    for (const place of this.root.querySelectorAll(".said")) {
      if (this.width !== width) place.style.minHeight = "";
      const height = place.offsetHeight;
      if (height && place.style.minHeight !== `${height}px`) place.style.minHeight = `${height}px`;
    }
    this.width = width;
  }

  /** Fill in texts by name: each place `data-show` of that name. */
  tell(texts) {
    for (const place of this.all("show")) {
      const text = unbroken(texts[place.dataset.show]);
      if (text !== undefined && place.textContent !== text) place.textContent = text;
    }
  }

  /** Set the ends of what can be chosen for a value. */
  limit(name, { min, max, step = 1 }) {
    for (const control of this.controls(name)) {
      if (control.tagName === "INPUT") Object.assign(control, { min, max, step });
      else Object.assign(control.dataset, { min, max, step });
    }
  }

  /** Fill the selects of a value with the models of the board. */
  offerModels(name) {
    for (const control of this.controls(name)) {
      control.replaceChildren(...this.board.names.map((text, m) => make("option", { value: m, text })));
    }
  }

  /** Offer the models for a and b, and return the pair that the board is about: twice the same where it has one model. */
  offerPair() {
    this.offerModels("a");
    this.offerModels("b");
    return { a: this.board.a, b: Math.max(this.board.b, 0) };
  }

  /** Say whether a part of the chapter is shown: all places `data-part` of that name. */
  part(name, shown) {
    for (const place of this.all("part")) if (place.dataset.part === name) place.hidden = !shown;
  }

  /** Return an empty picture in a figure, `high` pixels high (or what `high` makes of its width); `told`: what it shows, for those who don't see it. */
  picture(name, high, told) {
    const figure = this.root.querySelector(`[data-figure="${name}"]`);
    const width = Math.max(Math.round(figure.firstElementChild.clientWidth), 280);
    const height = typeof high === "function" ? high(width) : high;
    const svg = shape("svg", { width, height, viewBox: `0 0 ${width} ${height}`, class: "drawn", role: "group", "aria-label": told });
    figure.firstElementChild.replaceChildren(svg);
    this.speak(told);
    return { svg, width, narrow: this.narrow };
  }

  /**
   * Make a shape of a picture one that is dragged, or moved with the arrow keys. `value`: what it stands at, from `min` to `max`;
   * `at`: from a place [x, y] in the picture to a value; `set`: takes the new value; `told`: the value in words.
   */
  handle(element, name, { label, value, min, max, step, told, at, set }) {
    const facts = { role: "slider", tabindex: 0, "data-handle": name, "aria-label": label, "aria-valuemin": min, "aria-valuemax": max };
    for (const [key, each] of Object.entries({ ...facts, "aria-valuenow": value, "aria-valuetext": told })) element.setAttribute(key, each);
    element.classList.add("handle");
    const within = (wanted) => Math.min(max, Math.max(min, Math.round(wanted / step) * step));
    this.drags[name] = {
      move: (x, y) => set(within(at(x, y))),
      step: (steps) => set(within(value + steps * step)),
      end: (side) => set(side < 0 ? min : max),
    };
    return element;
  }

  /** Whether pictures have the room of a phone. */
  get narrow() {
    return this.root.clientWidth < 506;
  }

  all(name) {
    return [...this.root.querySelectorAll(`[data-${name}]`)];
  }

  /** All that changes one value. */
  controls(name) {
    return [...this.root.querySelectorAll(`[data-value="${name}"]`)];
  }

  /** Say what a picture shows to screen readers, once the reader has let go. */
  speak(text) {
    clearTimeout(this.speaking);
    this.speaking = setTimeout(() => {
      if (at("spoken").textContent !== text && this.touched) at("spoken").textContent = text;
    }, SPOKEN_AFTER);
  }

  bind() {
    const { root } = this;
    if ("b" in this.chapter.values) root.querySelector("h1").after(make("p", { kind: "notice", "data-part": "single", text: ONE_MODEL }));
    for (const figure of this.all("figure")) figure.prepend(make("div", { kind: "picture" }));
    for (const number of this.all("value").filter((each) => each.matches(".number"))) this.bindNumber(number);
    for (const range of this.all("value").filter((each) => each.type === "range")) range.after(make("span", { kind: "reading", "aria-hidden": "true" }));
    root.addEventListener("input", ({ target }) => this.taken(target));
    root.addEventListener("click", ({ target }) => {
      const button = target.closest("[data-do]");
      if (!button) return;
      this.touched = true;
      this.chapter[button.dataset.do](this, button);
      this.redraw();
      this.showPlay(button);
    });
    root.addEventListener("change", ({ target }) => this.showPlay(target));
    root.addEventListener("keydown", (event) => this.key(event));
    root.addEventListener("pointerdown", (event) => this.grab(event));
  }

  /** Bring the picture and the sentence that a control changes onto the screen, where they aren't. */
  showPlay(control) {
    const play = control.closest(".play");
    if (!play) return;
    const { top, bottom, height } = play.getBoundingClientRect();
    const header = document.querySelector(".top")?.offsetHeight ?? 0;
    if (top >= header && bottom <= innerHeight) return;
    play.scrollIntoView({ block: height > innerHeight - header ? "start" : "nearest", behavior: CALM.matches ? "auto" : "smooth" });
  }

  taken(control) {
    const name = control.dataset.value;
    if (name === undefined) return;
    this.touched = true;
    if (control.type === "checkbox") this.set({ [name]: control.checked });
    else if (control.type === "text") this.set({ [name]: control.value });
    else if (control.type !== "radio") this.set({ [name]: Number(control.value) });
    else if (control.checked) this.set({ [name]: control.value });
  }

  showValues() {
    for (const control of this.all("value")) {
      const value = this.values[control.dataset.value];
      if (control.type === "checkbox") control.checked = value;
      else if (control.type === "radio") control.checked = control.value === value;
      else if (control.type === "range") this.showRange(control, value);
      else if (!control.matches(".number")) control.value = value;
      else this.showNumber(control, value);
    }
  }

  /** Set a range, and say beside it where it stands. */
  showRange(range, value) {
    const text = valueText(range.dataset, this.values[range.dataset.reads] ?? value);
    range.value = value;
    range.setAttribute("aria-valuetext", text);
    if (range.nextElementSibling.textContent !== text) range.nextElementSibling.textContent = text;
  }

  showNumber(number, value) {
    const text = valueText(number.dataset, value);
    const longest = Math.max(...[number.dataset.min, number.dataset.max].map((end) => valueText(number.dataset, Number(end)).length));
    if (number.textContent !== text) number.textContent = text;
    number.style.minWidth = `${Math.ceil(0.9 * longest) + 1.5}ch`;
    const { min, max } = number.dataset;
    for (const [key, each] of Object.entries({ valuenow: value, valuemin: min, valuemax: max, valuetext: text })) number.setAttribute(`aria-${key}`, each);
  }

  /** A number in a sentence: dragged sideways, or moved with the arrow keys. */
  bindNumber(number) {
    number.setAttribute("role", "slider");
    number.tabIndex = 0;
    number.title = "Drag sideways, or use the arrow keys";
    const twin = this.all("value").some((each) => [each.dataset.value, each.dataset.reads].includes(number.dataset.value) && each.closest(".play"));
    number.classList.toggle("twin", twin && number.closest(".prose") !== null);
  }

  stepNumber(number, steps, from = this.values[number.dataset.value]) {
    const [min, max, step] = ["min", "max", "step"].map((key) => Number(number.dataset[key]));
    this.touched = true;
    const value = Math.min(max, Math.max(min, from + steps * step));
    this.set({ [number.dataset.value]: Number(value.toPrecision(10)) });
  }

  key(event) {
    const moved = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1, PageUp: 10, PageDown: -10, Home: -Infinity, End: Infinity }[event.key];
    if (moved === undefined) return;
    const drag = this.drags[event.target.closest("[data-handle]")?.dataset.handle];
    const number = event.target.closest(".number[data-value]");
    if (!drag && !number) return;
    event.preventDefault();
    this.touched = true;
    if (!drag) this.stepNumber(number, moved);
    else if (Number.isFinite(moved)) drag.step(moved);
    else drag.end(Math.sign(moved));
  }

  /** Follow the pointer from a handle or a number until it is let go. */
  grab(event) {
    const number = event.target.closest(".number[data-value]");
    const handle = event.target.closest("[data-handle]");
    if (!number && !handle) return;
    this.touched = true;
    const follow = number ? this.numberDrag(number, event) : this.handleDrag(handle);
    const holder = number ?? handle.closest(".picture");
    holder.setPointerCapture(event.pointerId);
    const stop = () => ["pointermove", "pointerup", "pointercancel"].forEach((kind, k) => holder.removeEventListener(kind, k ? stop : follow));
    holder.addEventListener("pointermove", follow);
    holder.addEventListener("pointerup", stop);
    holder.addEventListener("pointercancel", stop);
    event.preventDefault();
    (number ?? handle).focus({ preventScroll: true });
  }

  numberDrag(number, { clientX }) {
    const from = this.values[number.dataset.value];
    return (event) => this.stepNumber(number, Math.round((event.clientX - clientX) / PIXELS_A_STEP), from);
  }

  handleDrag(handle) {
    const { handle: name } = handle.dataset;
    const picture = handle.closest(".picture");
    return ({ clientX, clientY }) => {
      const frame = picture.getBoundingClientRect();
      this.drags[name]?.move(clientX - frame.left, clientY - frame.top);
    };
  }
}

/** Write a value with its unit, as its control says; words stay words. */
function valueText({ digits, unit: of = "" }, value) {
  if (typeof value === "string") return value;
  return unbroken(`${digits ? value.toFixed(digits) : count(value)}${of}`);
}

/** Keep a number and its unit in one line. */
function unbroken(text) {
  return text === undefined ? undefined : String(text).replace(/(?<=\d) (?=%|pp|points?)/g, "\u00a0");
}

/** Slow down towards the end. */
function easedOut(passed) {
  return passed < 1 ? 1 - (1 - Math.max(passed, 0)) ** 3 : 1;
}
