// Error bars beside the rows of a table: every row draws its own, all of them on one axis.

const ROOM = 0.03;
/** A number nearer to an end of the axis than this share of it would reach beyond. */
const AT_END = 0.02;

/** The axis that bars share, with a little room at its ends and, if wanted, 0; places are shares of its width. */
class Axis {
  constructor(bars, { zero }) {
    Object.assign(this, { zero, part: false });
    const all = [...bars.flatMap((bar) => [bar.low, bar.high, bar.value]), ...(zero ? [0] : [])];
    const ends = all.filter((end) => Number.isFinite(end));
    this.empty = ends.length === 0 || bars.length === 0;
    const [low, high] = this.empty ? [0, 1] : [Math.min(...ends), Math.max(...ends)];
    const room = (high - low || Math.abs(high) || 1) * ROOM;
    this.low = low - room;
    this.high = high + room;
  }

  /** Return the part of the axis between two values that the reader chose. */
  between(low, high) {
    return Object.assign(Object.create(Axis.prototype), { zero: this.zero, low, high, part: true });
  }

  /** Return what of a bar is to be seen, and where it goes on beyond an end of the axis. */
  seen(bar) {
    const ends = [bar.low, bar.high, bar.value].filter((end) => Number.isFinite(end));
    const inside = (end) => Math.min(Math.max(end, this.low), this.high);
    const value = bar.value >= this.low && bar.value <= this.high ? bar.value : NaN;
    const [before, after] = [Math.min(...ends) < this.low, Math.max(...ends) > this.high];
    return { ...bar, low: inside(bar.low), high: inside(bar.high), value, before, after };
  }

  place(value) {
    return `${((100 * (value - this.low)) / (this.high - this.low)).toFixed(3)}%`;
  }

  /** Return round numbers along the axis, none if nothing lies on it. */
  ticks() {
    if (this.empty) return [];
    const least = (this.high - this.low) / (narrow() ? 4 : 8);
    const ten = 10 ** Math.floor(Math.log10(least));
    const step = [1, 2, 5, 10].map((times) => times * ten).find((each) => each >= least);
    const first = Math.ceil(this.low / step);
    const many = Math.floor(this.high / step) - first + 1;
    return Array.from({ length: many }, (_, k) => (first + k) * step);
  }
}

/** Draw the numbers of an axis. */
function axisNumbers(axis) {
  return picture(axis.ticks().map((tick) => shape("text", { x: axis.place(tick), y: "55%", "text-anchor": anchor(axis, tick) }, tickText(tick))));
}

/** Say on which side of its place a number stands: at the ends of the axis inwards. */
function anchor(axis, tick) {
  const along = (tick - axis.low) / (axis.high - axis.low);
  return along < AT_END ? "start" : along > 1 - AT_END ? "end" : "middle";
}

/** Draw a bar over the lines of its axis; `kind`: how sure it is. */
function barPicture(axis, bar) {
  const lines = axis.ticks().map((tick) => upright(axis.place(tick), axis.zero && tick === 0 ? "zero" : "line"));
  if (!Number.isFinite(bar.value)) return picture(lines);
  const { low, high, value, before, after, kind } = axis.seen(bar);
  const range = low < high ? [shape("line", { x1: axis.place(low), x2: axis.place(high), y1: "50%", y2: "50%", class: "range" })] : [];
  const middle = Number.isFinite(value) ? [dot(axis.place(value))] : [];
  const on = [...(before ? [arrowhead("0%", 1)] : []), ...(after ? [arrowhead("100%", -1)] : [])];
  return picture([...lines, ...range, ...middle, ...on], `bars ${kind}`);
}

/** Return the mark of a bar that goes on beyond the end of the axis; `inwards`: 1 at the left end, −1 at the right. */
function arrowhead(x, inwards) {
  const place = shape("svg", { x, y: "50%", class: "goes-on" });
  place.append(shape("path", { d: `M0,0 L${7 * inwards},-4 L${7 * inwards},4 Z` }));
  return place;
}

/** Draw what a kind of bar looks like, for the legend. */
function barSample(kind) {
  const range = shape("line", { x1: 0, x2: "100%", y1: "50%", y2: "50%", class: "range" });
  return picture([range, dot("50%")], `bars sample ${kind}`);
}

function dot(place) {
  return shape("circle", { cx: place, cy: "50%", r: 4, class: "dot" });
}

function upright(place, kind) {
  return shape("line", { x1: place, x2: place, y1: 0, y2: "100%", class: kind });
}

function picture(shapes, kind = "bars") {
  const svg = shape("svg", { class: kind, "aria-hidden": "true" });
  svg.append(...shapes);
  return svg;
}

function tickText(value) {
  const exact = Number(value.toPrecision(12));
  return Math.abs(exact) > BILLION
    ? scoreNumber(exact, false)
    : exact.toLocaleString("en-US", { maximumFractionDigits: 12 }).replace("-", "−");
}
