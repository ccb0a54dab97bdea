// The part of the axis that is in view: dragged over, or chosen with keys. It stands in the address; what is wrong there is passed over.

/** A drag over fewer pixels is none. */
const LEAST_DRAG = 6;
/** The axis is shown in parts down to this share of it. */
const LEAST_PART = 0.002;
/** What keys do to the axis: how many times as long it gets, and by which share of it it moves. */
const ZOOMS = { "+": 1 / 1.5, "=": 1 / 1.5, "-": 1.5, _: 1.5 };
const MOVES = { ArrowLeft: -0.1, ArrowRight: 0.1 };

class Brush {
  /** `changed` is called when the reader chooses. */
  constructor(place, changed) {
    Object.assign(this, { place, changed, from: null });
    at("axis-whole").addEventListener("click", () => {
      this.choose(null);
      at("board-axis").focus({ preventScroll: true });
    });
  }

  /** Return the element that the axis is drawn on, and dragged over. */
  strip() {
    const strip = make("div", { id: "board-axis", role: "group", tabindex: 0 });
    strip.addEventListener("pointerdown", (event) => this.start(event));
    strip.addEventListener("pointermove", (event) => this.follow(event));
    strip.addEventListener("pointerup", (event) => this.end(event));
    strip.addEventListener("pointercancel", () => this.stop());
    strip.addEventListener("dblclick", () => this.choose(null));
    strip.addEventListener("keydown", (event) => this.pressed(event, (this.shown.low + this.shown.high) / 2));
    return strip;
  }

  /** Return the axis as it is in view: whole, or the part that the address names. */
  axis(whole) {
    this.whole = whole;
    const part = this.within((this.place.get("axis") ?? "").split(","));
    return part === null ? whole : whole.between(...part);
  }

  /** Return the part of the axis between two numbers; null where that is all of it, or nothing. */
  within(texts) {
    const { low, high } = this.whole;
    const ends = texts.filter((text) => /^-?\d+(\.\d+)?$/.test(text)).map(Number);
    if (texts.length !== 2 || ends.length !== 2) return null;
    const [from, to] = [Math.max(ends[0], low), Math.min(ends[1], high)];
    const wide = (to - from) / (high - low);
    return wide >= LEAST_PART && wide < 1 ? [from, to] : null;
  }

  /** Draw the axis, and say which part of it this is. */
  draw(axis) {
    this.shown = axis;
    const strip = at("board-axis");
    this.stop();
    strip.replaceChildren(axisNumbers(axis));
    const span = `from ${this.rounded(axis.low)} to ${this.rounded(axis.high)}`;
    strip.setAttribute("aria-label", `Axis ${span}: drag over it, or plus, minus and the arrow keys, to see a part; Escape shows the whole axis`);
    strip.title = axis.part ? "Double click: the whole axis" : "Drag: only this part of the axis";
    at("axis-part").hidden = !axis.part;
    at("axis-told").textContent = axis.part ? `axis ${span}; an arrow: goes on beyond it` : "";
  }

  /** Write a value of the axis in as many digits as its length calls for. */
  rounded(value, sign = "−") {
    const digits = Math.max(0, 2 - Math.floor(Math.log10(this.shown.high - this.shown.low)));
    return Number(value.toFixed(Math.min(digits, 12))).toString().replace("-", sign);
  }

  /** Go to a part of the axis; null is all of it. */
  choose(part, { step = true } = {}) {
    const axis = part && part.map((end) => this.rounded(end, "-")).join(",");
    if (axis === this.place.get("axis")) return;
    this.place.set({ axis }, { step });
    this.changed();
  }

  /** Zoom around a value, move, or show the whole axis. */
  pressed(event, around) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const { low, high, part } = this.shown;
    const [times, move] = [ZOOMS[event.key], MOVES[event.key] * (high - low)];
    if (event.key === "Escape" && part) this.choose(null);
    else if (times !== undefined) this.zoom(times, Number.isFinite(around) ? around : (low + high) / 2, event.repeat);
    else if (part && Number.isFinite(move)) this.put(low + move, high - low, event.repeat);
    else return;
    event.preventDefault();
  }

  /** Show so many times as much of the axis, a value staying where it is. */
  zoom(times, around, repeat) {
    const { low, high } = this.shown;
    const middle = Math.min(Math.max(around, low), high);
    const [all, wide] = [this.whole.high - this.whole.low, times * (high - low)];
    if (wide >= all) this.choose(null, { step: !repeat });
    else if (wide >= 2 * LEAST_PART * all) this.put(middle + times * (low - middle), wide, repeat);
  }

  /** Show a part of this length that begins here, or as near as the ends of the axis let it. */
  put(start, wide, repeat) {
    const from = Math.min(Math.max(start, this.whole.low), this.whole.high - wide);
    this.choose([from, from + wide], { step: !repeat });
  }

  start(event) {
    if (event.button !== 0) return;
    at("board-axis").setPointerCapture(event.pointerId);
    this.from = this.share(event);
    this.mark = make("span", { kind: "brushed" });
    at("board-axis").append(this.mark);
  }

  follow(event) {
    if (this.from === null) return;
    const [left, right] = [this.from, this.share(event)].sort((a, b) => a - b);
    Object.assign(this.mark.style, { left: `${100 * left}%`, width: `${100 * (right - left)}%` });
  }

  end(event) {
    if (this.from === null) return;
    const ends = [this.from, this.share(event)].sort((a, b) => a - b);
    const wide = (ends[1] - ends[0]) * at("board-axis").getBoundingClientRect().width;
    this.stop();
    const { low, high } = this.shown;
    if (wide >= LEAST_DRAG) this.choose(ends.map((share) => low + share * (high - low)));
  }

  stop() {
    this.from = null;
    this.mark?.remove();
  }

  /** Return how far along the axis a pointer is, from 0 to 1. */
  share(event) {
    const { left, width } = at("board-axis").getBoundingClientRect();
    return Math.min(Math.max((event.clientX - left) / width, 0), 1);
  }
}
