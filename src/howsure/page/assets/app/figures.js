// Pictures that leave the page: one SVG each that needs nothing else, in the colours of paper, and as PNG what it looks like.

const PAPER = { ink: "#1d1f21", quiet: "#595d62", line: "#dcdcd8", band: "#eef5fa", blue: "#0072b2", faint: "#767676" };
const TYPEFACE = "Helvetica, Arial, sans-serif";
const EDGE = 24;
const SHEET = 960;
const LINE = 24;
const MOST_PIXELS = 16_000;
/** How strong each shade of models × tasks is. */
const TINTS = [0, 0.05, 0.1, 0.18, 0.38];

const pen = document.createElement("canvas").getContext("2d", { willReadFrequently: true });

function wide(text, size, weight = 400) {
  pen.font = `${weight} ${size}px ${TYPEFACE}`;
  return pen.measureText(text).width;
}

/** Break a text into lines that are no wider than this. */
function broken(text, width, size, weight) {
  const lines = [];
  for (const word of text.split(/ (?!%|pp\b)/)) {
    const longer = lines.length ? `${lines.at(-1)} ${word}` : word;
    if (lines.length && wide(longer, size, weight) <= width) lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  return lines.map((line) => cutTo(line, width, size, weight));
}

/** Cut a text that is wider than this. */
function cutTo(text, width, size, weight) {
  let shown = text;
  while (wide(shown, size, weight) > width && shown.length > 1) shown = `${shown.slice(0, -2)}…`;
  return shown;
}

function written(x, y, text, { size = 13, fill = PAPER.ink, anchor = "start", weight } = {}) {
  const more = weight ? { "font-weight": weight } : {};
  return shape("text", { x, y, fill, "font-size": size, "text-anchor": anchor, ...more }, text);
}

function ruled(x1, x2, y1, y2, stroke, more = {}) {
  return shape("line", { x1, x2, y1, y2, stroke, ...more });
}

/** A sheet with a sentence on top, the signs below it, the picture, and where it came from. */
function sheet({ width = SHEET, title, size = 18, signs = [], source, body, height }) {
  const room = width - 2 * EDGE;
  const parts = [];
  let y = EDGE - 6;
  for (const line of broken(title, room, size, 700))
    parts.push(written(EDGE, (y += size + 4), line, { size, weight: 700 }));
  y += 8;
  let x = EDGE;
  for (const { drawn, text } of signs) {
    const long = wide(text, 12) + (drawn ? 30 : 0) + 22;
    if (x === EDGE || x + long > width - EDGE) [x, y] = [EDGE, y + 18];
    if (drawn) parts.push(...drawn(x, y - 4));
    parts.push(written(x + (drawn ? 30 : 0), y, text, { size: 12, fill: PAPER.quiet }));
    x += long;
  }
  const top = y + 12;
  const place = shape("g", { transform: `translate(${EDGE} ${top})`, color: PAPER.ink });
  place.append(...body);
  const lines = broken(source, room, 11);
  const foot = lines.map((line, k) => written(EDGE, top + height + 24 + 15 * k, line, { size: 11, fill: PAPER.quiet }));
  const tall = Math.ceil(top + height + 24 + 15 * lines.length + EDGE / 2);
  const svg = shape("svg", {
    width,
    height: tall,
    viewBox: `0 0 ${width} ${tall}`,
    role: "img",
    "font-family": TYPEFACE,
  });
  const ground = shape("rect", { width: "100%", height: "100%", fill: "#ffffff" });
  svg.append(shape("title", {}, title), ground, ...parts, place, ...foot);
  return { text: xml(svg), width, height: tall };
}

/** Write an element as XML; two signs that XML can't have are replaced. */
function xml(element) {
  const text = new XMLSerializer().serializeToString(element);
  return `<?xml version="1.0" encoding="UTF-8"?>\n${text.replace(/[\ufffe\uffff]/g, "\ufffd")}\n`;
}

const COLOURS = { sure: PAPER.blue, single: PAPER.blue, self: PAPER.ink, unsure: PAPER.faint };

/** Draw a bar from low to high with its dot, as the page does; `before` and `after`: where an end of the axis cuts it off. */
function drawnBar(y, { low, high, value, kind, before, after }) {
  const colour = COLOURS[kind];
  const fill = kind === "sure" || kind === "self" ? colour : "#ffffff";
  const range =
    low < high ? [ruled(low, high, y, y, colour, { "stroke-width": 2 })] : [];
  const middle = () => shape("circle", { cx: value, cy: y, r: 4, fill, stroke: colour, "stroke-width": 1.5 });
  const head = (x, inwards) => shape("path", { d: `M${x},${y} l${7 * inwards},-4 l0,8 Z`, fill: colour });
  const on = [...(before === undefined ? [] : [head(before, 1)]), ...(after === undefined ? [] : [head(after, -1)])];
  return [...range, ...(Number.isFinite(value) ? [middle()] : []), ...on];
}

/** Draw the leaderboard as it is in view: ranks, names, bars on their axis, and the numbers. */
function boardFigure(table, { verdict, source }) {
  const { board, names, view } = table;
  const { order, bars, axis } = table.drawn;
  const { title, kinds } = legendOf(board, view.differences ? names[view.against] : null);
  const sign = (kind) => (x, y) => drawnBar(y, { low: x, high: x + 24, value: x + 12, kind });
  const signs = [
    { text: title },
    ...(axis.part ? [{ text: at("axis-told").textContent }] : []),
    ...Object.entries(kinds).map(([kind, text]) => ({ drawn: sign(kind), text })),
    {
      drawn: (x, y) => [shape("rect", { x, y: y - 6, width: 24, height: 12, fill: PAPER.band })],
      text: "could be best",
    },
  ].filter(({ text }, k, all) => k === 0 || all.findIndex((each) => each.text === text) === k);
  const body = [];
  const [named, tied] = ["model", "group"].map((name) => board.columns.findIndex((column) => column.name === name));
  const longest = (texts, size, weight) => Math.max(0, ...texts.map((text) => wide(text, size, weight)));
  const left = 104;
  const nameRoom = Math.min(
    longest(
      order.map((m) => names[m]),
      13,
      700,
    ),
    350,
  );
  const ties = order.map((m) => (tied < 0 ? "" : (board.cells[m][tied] ?? "")));
  const tieRoom = Math.min(longest(ties, 12), 70);
  const [from, to] = [left + nameRoom + tieRoom + 34, SHEET - 2 * EDGE - 72];
  const x = (value) => from + ((to - from) * parseFloat(axis.place(value))) / 100;
  const head = (at, text, anchor) => written(at, 12, text, { size: 12, fill: PAPER.quiet, anchor });
  body.push(head(32, "rank", "end"), head(42, "rank CI"), head(left, board.columns[named].name));
  if (tieRoom) body.push(head(left + nameRoom + 14, "group"));
  const lines = table.gapped(order);
  const tall = LINE * lines.length;
  lines.forEach((m, k) => {
    if (board.models[m]?.best)
      body.push(shape("rect", { y: 20 + LINE * k, width: SHEET - 2 * EDGE, height: LINE, fill: PAPER.band }));
  });
  for (const tick of axis.ticks()) {
    const zero = axis.zero && tick === 0;
    body.push(ruled(x(tick), x(tick), 18, 20 + tall, zero ? PAPER.ink : PAPER.line));
    body.push(head(x(tick), tickText(tick), "middle"));
  }
  lines.forEach((m, k) => {
    if (typeof m !== "number") return body.push(written(left, 20 + LINE * k + LINE / 2 + 4, m.between, { size: 12, fill: PAPER.quiet }));
    const [y, model, bar] = [20 + LINE * k + LINE / 2, board.models[m], bars.get(m)];
    const { low, high, value, before, after } = axis.seen(bar);
    const ends = { kind: bar.kind, low: x(low), high: x(high), value: x(value), ...(before ? { before: from } : {}), ...(after ? { after: to } : {}) };
    body.push(
      written(32, y + 4, String(model.rank), { anchor: "end" }),
      written(42, y + 4, places(model), { fill: PAPER.quiet }),
      written(left, y + 4, cutTo(names[m], nameRoom + 2, 13, model.best ? 700 : 400), {
        weight: model.best ? 700 : 400,
      }),
      written(left + nameRoom + 14, y + 4, cutTo(visible(ties[k]), tieRoom + 2, 12), { size: 12, fill: PAPER.quiet }),
      ...drawnBar(y, ends),
      written(SHEET - 2 * EDGE - 10, y + 4, view.text(m), { anchor: "end" }),
    );
  });
  return sheet({ title: verdict, signs, source, body, height: 20 + tall });
}

const CELL = { least: 80, most: 150 };
const HEAD = 34;

/** Draw models × tasks as they are in view, every cell shaded as on the page. */
function tasksFigure({ boards, titles, models, names, places }, { verdict, source }) {
  const shown = models.slice(0, at("tasks-body").children.length);
  const left = Math.min(Math.max(...shown.map((_, m) => wide(names[m], 13))), 300) + 14;
  const across = Math.min(Math.max(CELL.least, ...titles.map((title) => wide(title, 12) + 14)), CELL.most);
  const middle = (k) => left + across * k + across / 2;
  const body = titles.map((title, k) =>
    written(middle(k), 14, cutTo(title, across - 6, 12), { size: 12, fill: PAPER.quiet, anchor: "middle" }),
  );
  shown.forEach((name, m) => {
    const y = HEAD + LINE * m;
    body.push(written(0, y + 16, cutTo(names[m], left - 10, 13)));
    boards.forEach((board, k) => {
      const model = board.models[places[k].get(name)];
      const strength = model ? TINTS[shade(board, model)] : 0;
      const size = { x: middle(k) - across / 2 + 1, y: y + 1, width: across - 2, height: LINE - 2 };
      body.push(shape("rect", { ...size, fill: PAPER.blue, "fill-opacity": strength }));
      const said = model
        ? `${scoreNumber(model.value, board.percent)} ${tiesOf(board, places[k].get(name))}`.trim()
        : "–";
      body.push(written(middle(k), y + 16, said, { anchor: "middle" }));
    });
  });
  const width = Math.max(Math.ceil(left + across * boards.length + 2 * EDGE), 480);
  const darkest = (x, y) => [
    shape("rect", { x, y: y - 8, width: 24, height: 10, fill: PAPER.blue, "fill-opacity": TINTS.at(-1) }),
  ];
  const signs = [
    { text: "score and tie group (a letter in common: not told apart)" },
    { drawn: darkest, text: "could be best" },
    { text: "the lighter, the more models are shown to be better" },
  ];
  return sheet({ width, title: verdict, signs, source, body, height: HEAD + LINE * shown.length });
}

/** Take a chart of the page as it is; its signs are those beside it. */
function chartFigure(element, { source }) {
  const drawn = element.querySelector("svg").cloneNode(true);
  for (const name of ["class", "aria-hidden", "style"]) drawn.removeAttribute(name);
  for (const text of drawn.querySelectorAll("[font-family]")) text.removeAttribute("font-family");
  const [width, height] = ["width", "height"].map((name) => parseFloat(drawn.getAttribute(name)));
  const signs = [...document.querySelectorAll(element.dataset.signs ?? "i.none")].map(signOf);
  const across = Math.ceil(Math.max(width + 2 * EDGE, 480));
  const { says } = element.dataset;
  const title = says ? document.querySelector(says).textContent : visible(element.getAttribute("aria-label") ?? "");
  return sheet({ width: across, title, size: 14, signs, source, body: [drawn], height });
}

/** Return the coloured square before a text as a sign of the sheet. */
function signOf(element) {
  const box = element.querySelector("i");
  const colour = box ? getComputedStyle(box).backgroundColor : getComputedStyle(element, "::before").backgroundColor;
  const before = element.parentElement.firstChild;
  const behind = box && before.nodeType === Node.TEXT_NODE && before.textContent.trim();
  return {
    text: [behind, element.textContent.trim()].filter(Boolean).join(" "),
    drawn: (x, y) => [
      shape("rect", { x: x + 6, y: y - 6, width: 12, height: 12, fill: onPaper(colour), stroke: PAPER.faint }),
    ],
  };
}

/** Return a colour as it looks on white paper, in the form that every program reads. */
function onPaper(colour) {
  pen.fillStyle = "#ffffff";
  pen.fillRect(0, 0, 1, 1);
  pen.fillStyle = colour;
  pen.fillRect(0, 0, 1, 1);
  const [red, green, blue] = pen.getImageData(0, 0, 1, 1).data;
  return `rgb(${red}, ${green}, ${blue})`;
}

/** Draw a sheet as PNG, two dots a pixel where a canvas has room for as many; return the address of its data. */
async function png({ text, width, height }) {
  const image = new Image();
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(text)}`;
  await image.decode();
  const scale = Math.min(2, MOST_PIXELS / height);
  const canvas = Object.assign(document.createElement("canvas"), { width: width * scale, height: height * scale });
  canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
  return canvas.toDataURL("image/png");
}
