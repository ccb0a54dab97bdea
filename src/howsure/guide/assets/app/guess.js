// Predict first: in each chapter the reader draws a range or picks an answer, and only then sees what is so.
//
// A chapter's program says what is asked (`guess`): `ask(sheet)` is the question; `kind` is "range", with `ends` [low, high, step] and a
// `unit`, or "pick", with `options(sheet)` as [value, text]; `truth(sheet)` is the answer, and `told(sheet, truth)` says it; `possible(sheet)` is whether there is one. What stands
// in `data-after` is hidden until then.

const guesses = new Map();
let askFirst = true;

/** The question of a chapter, where it is to be answered, and what became of it. */
class Guess {
  constructor(sheet) {
    this.sheet = sheet;
    this.facts = sheet.chapter.guess;
    this.place = sheet.root.querySelector("[data-guess]");
    this.made = null;
    this.range = null;
  }

  get open() {
    return askFirst && this.made === null && (this.facts.possible?.(this.sheet) ?? true);
  }

  /** Hide what has to wait for the guess. */
  veil() {
    for (const each of this.sheet.all("after")) each.classList.toggle("waits", this.open);
  }

  /** Show the question, or how the guess did. */
  show() {
    const { sheet, place, facts } = this;
    if (this.open && facts.kind === "range" && this.box) this.drawRange();
    place.hidden = !this.open && this.made === null;
    const now = JSON.stringify([this.open, this.made, this.open && facts.ask(sheet)]);
    if (now === this.shown) return;
    this.shown = now;
    if (!this.open) return place.replaceChildren(...(this.made === null ? [] : [this.outcome()]));
    place.replaceChildren(make("p", { kind: "asked", text: facts.ask(sheet) }), ...(facts.kind === "range" ? this.rangeParts() : [this.options()]), this.skip());
    if (facts.kind === "range") this.drawRange();
  }

  rangeParts() {
    this.box = make("div", { kind: "picture" });
    this.button = make("button", { type: "button", kind: "main", text: "Show me", disabled: true });
    this.button.addEventListener("click", () => this.make(this.range));
    this.hint = make("span", { kind: "small", text: "Drag an end first." });
    return [this.box, this.button, " ", this.hint];
  }

  options() {
    const buttons = this.facts.options(this.sheet).map(([value, text]) => {
      const button = make("button", { type: "button", text, "data-option": value });
      button.addEventListener("click", () => this.make(String(value)));
      return button;
    });
    return make("div", { kind: "controls options", children: buttons });
  }

  skip() {
    const button = make("button", { type: "button", kind: "pass", text: "Skip" });
    button.addEventListener("click", () => this.make(null));
    return button;
  }

  /** An axis with a bar whose two ends are dragged. */
  drawRange() {
    const { sheet, facts } = this;
    const [low, high, step] = facts.ends;
    const focus = document.activeElement?.dataset?.handle;
    const range = this.range ?? middleHalf(facts.ends);
    const width = Math.max(this.box.clientWidth, 260);
    const text = (value) => `${count(Math.round(value))}${facts.unit}`;
    const svg = shape("svg", { width, height: 82, viewBox: `0 0 ${width} 82`, class: "drawn", role: "group", "aria-label": `Your range: ${text(range[0])} to ${text(range[1])}` });
    const x = scaleOf([low, high], [24, width - 24]);
    const middle = (x(range[0]) + x(range[1])) / 2;
    const words = `${count(Math.round(range[0]))} to ${text(range[1])}`;
    svg.append(bottomAxis(x, 48, { ticks: roundTicks(low, high, width < 480 ? 4 : 8), format: count }));
    svg.append(lineAt(x(range[0]), 30, x(range[1]), 30, "range"), textAt(middleWithin(middle, words, [0, width]), 13, words, "middle strong"));
    range.forEach((value, end) => {
      const grip = shape("circle", { cx: x(value), cy: 30, r: 11, class: "grip" });
      svg.append(sheet.handle(grip, `guess-${end}`, {
        label: end ? "Upper end of your range" : "Lower end of your range",
        value: Math.round(value),
        min: end ? Math.round(range[0]) : low,
        max: end ? high : Math.round(range[1]),
        step,
        told: text(value),
        at: (px) => x.back(px),
        set: (at) => this.move(end, at),
      }));
    });
    this.box.replaceChildren(svg);
    this.button.disabled = this.range === null;
    this.hint.hidden = this.range !== null;
    if (focus?.startsWith("guess-")) this.box.querySelector(`[data-handle="${focus}"]`)?.focus({ preventScroll: true });
  }

  move(end, value) {
    this.range ??= middleHalf(this.facts.ends);
    this.range[end] = value;
    this.drawRange();
  }

  /** Show what is so, and hold against it the range or the option that the reader chose; null where the question was skipped. */
  make(said) {
    const { sheet, facts } = this;
    facts.reveal?.(sheet);
    const truth = facts.truth(sheet);
    const right = said !== null && (facts.kind === "range" ? rangeHolds(said, truth) : String(truth) === said);
    this.made = { said, truth, right };
    if (said !== null) guesses.set(sheet.root.dataset.chapter, { kind: facts.kind, right });
    sheet.touched = true;
    sheet.redraw();
    requestAnimationFrame(() => sheet.showPlay(this.place)); // after the drawing
  }

  /** How the guess did, in a line. */
  outcome() {
    const { facts, made, sheet } = this;
    if (made.said === null) return make("p", { kind: "outcome", text: facts.told(sheet, made.truth) });
    const range = facts.kind === "range";
    const held = range ? (made.right ? "Your range holds it." : "Outside your range.") : made.right ? "You were right." : "Not what you picked.";
    const own = range ? `You said ${count(Math.round(made.said[0]))} to ${count(Math.round(made.said[1]))}${facts.unit}. ` : "";
    return make("p", { kind: `outcome ${made.right ? "right" : "wrong"}`, role: "status", text: `${own}${facts.told(sheet, made.truth)} ${held}` });
  }
}

/** The range that stands there before the reader moves an end. */
function middleHalf([low, high]) {
  return [0.25, 0.75].map((part) => low + (high - low) * part);
}

/** Whether a range holds the truth, all rounded as they are shown. */
function rangeHolds([low, high], truth) {
  return Math.round(low) <= Math.round(truth) && Math.round(truth) <= Math.round(high);
}

/** How the guesses of all chapters did: of ranges how many held the truth, of picks how many were right. */
function guessesText() {
  const of = (kind) => [...guesses.values()].filter((each) => each.kind === kind);
  const right = (all) => all.filter((each) => each.right).length;
  const [ranges, picks] = [of("range"), of("pick")];
  if (!ranges.length && !picks.length) return "You haven’t guessed yet. Each chapter asks before it shows.";
  const drawn = ranges.length ? `You drew ${plural(ranges.length, "range")}: ${count(right(ranges))} held the truth.` : "";
  const picked = picks.length ? `You picked ${plural(picks.length, "answer")}: ${count(right(picks))} ${right(picks) === 1 ? "was" : "were"} right.` : "";
  const moral = ranges.length < 3 ? "" : right(ranges) < 0.8 * ranges.length ? " A range that one is fairly sure of should hold nine times in ten: your ranges are too short, as most people’s are." : " A range that one is fairly sure of should hold about nine times in ten: your ranges do.";
  return `${[drawn, picked].filter(Boolean).join(" ")}${moral}`;
}
