// What pictures are made of: scales, axes, bars, dots. A picture is as wide as its place; one unit is one pixel.

/** Return a function from values to places; `back` turns a place into a value. */
function scaleOf([low, high], [from, to]) {
  const place = (value) => from + ((value - low) / (high - low || 1)) * (to - from);
  place.back = (x) => low + ((x - from) / (to - from || 1)) * (high - low);
  Object.assign(place, { low, high, from, to });
  return place;
}

/** Return about so many round numbers between two. */
function roundTicks(low, high, wanted = 5) {
  const rough = (high - low) / wanted;
  const unit = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((times) => times * unit).find((each) => each >= rough * 0.999);
  const first = Math.ceil(low / step - 1e-9);
  return Array.from({ length: Math.floor(high / step + 1e-9) - first + 1 }, (_, k) => (first + k) * step);
}

/** Draw an axis along the bottom: its line, ticks with numbers, and a title below. */
function bottomAxis(scale, y, { ticks = roundTicks(scale.low, scale.high), format = String, title = "" } = {}) {
  const marks = ticks.flatMap((tick) => [
    lineAt(scale(tick), y, scale(tick), y + 5, "axis"),
    textAt(scale(tick), y + 18, format(tick), "tick middle"),
  ]);
  const name = title ? [textAt((scale.from + scale.to) / 2, y + 36, title, "title middle")] : [];
  return shapesIn("g", [lineAt(scale.from, y, scale.to, y, "axis"), ...marks, ...name]);
}

/** A score as an axis has it: without decimals that are 0. */
function percentTick(value) {
  return `${Number((100 * value).toPrecision(3))}%`.replace("-", "−");
}

/** Draw an error bar that lies: low and high are null where there is none. */
function errorBar(scale, y, { value, low, high }, kind = "") {
  const parts = low === null || high === null ? [] : [
    lineAt(scale(low), y, scale(high), y, "range"),
    lineAt(scale(low), y - 5, scale(low), y + 5, "range"),
    lineAt(scale(high), y - 5, scale(high), y + 5, "range"),
  ];
  return shapesIn("g", [...parts, shape("circle", { cx: scale(value), cy: y, r: 5, class: "dot" })], `bar ${kind}`);
}

/** Draw an error bar with its name above. */
function namedBar(scale, y, bar, name, kind = "") {
  const [low, high] = [scale(bar.low ?? bar.value), scale(bar.high ?? bar.value)].map((end) => Math.min(scale.to, Math.max(scale.from, end)));
  const text = textAt(middleWithin((low + high) / 2, name, [scale.from - 16, scale.to + 16]), y - 10, name, `middle label halo ${{ other: "orange", unsure: "" }[kind] ?? "blue"}`);
  return shapesIn("g", [text, errorBar(scale, y, bar, kind)]);
}

/** Return the place nearest to x at which a text in the middle stays between two ends. */
function middleWithin(x, text, [low, high]) {
  const half = textWidth(text) / 2;
  return Math.max(low + half, Math.min(high - half, x));
}

const WIDTHS = new Map();

/** Return how wide a text is in a picture, at its widest: in bold. */
function textWidth(text) {
  if (!WIDTHS.has(text)) {
    const pen = document.createElement("canvas").getContext("2d");
    pen.font = `700 13px ${getComputedStyle(document.documentElement).fontFamily}`;
    WIDTHS.set(text, pen.measureText(text).width);
  }
  return WIDTHS.get(text);
}

/** Shorten a name so far that it fits. */
function fitted(name, width, letters = 30) {
  while (letters > 3 && textWidth(shorten(name, letters)) > width) letters -= 1;
  return shorten(name, letters);
}

/** Draw many dots as one shape: `places` is a list of [x, y]. */
function dotsAt(places, radius, kind) {
  return shape("path", { d: places.map(([x, y]) => `M${x.toFixed(1)},${y.toFixed(1)}h0`).join(""), "stroke-width": 2 * radius, class: `dots ${kind}` });
}

/** Draw a line through points [x, y]. */
function lineThrough(points, kind) {
  return shape("path", { d: points.map(([x, y], k) => `${k ? "L" : "M"}${x.toFixed(1)},${y.toFixed(1)}`).join(""), class: `curve ${kind}` });
}

function lineAt(x1, y1, x2, y2, kind) {
  return shape("line", { x1, y1, x2, y2, class: kind });
}

function rectAt(x, y, width, height, kind) {
  return shape("rect", { x, y, width: Math.max(width, 0), height: Math.max(height, 0), class: kind });
}

function textAt(x, y, text, kind = "") {
  return shape("text", { x, y, class: kind }, visible(text));
}

function shapesIn(tag, shapes, kind = "") {
  const group = shape(tag, { class: kind });
  group.append(...shapes);
  return group;
}
