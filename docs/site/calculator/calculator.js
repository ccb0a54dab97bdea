// The calculator of the site: four questions, answered with the statistics that the page and the lesson have.

const at = (id) => document.getElementById(id);
const MOST = 1_000_000;
const THIRD = 1 / 3;
const NINTH = 1 / 9;

/** Write a share in percent, a difference in points, a count, a p-value: wording.py. */
const minus = (text) => text.replace("-", "−").replace(/^−(0\.0)$/, "$1");
const percent = (value) => minus((100 * value).toFixed(1));
const pText = (p) => (p < 0.001 ? "p < 0.001" : `p = ${p < 0.9995 ? p.toFixed(3) : "1.000"}`);
const count = (n) => n.toLocaleString("en-US");
const level = () => Number(at("level").value);
const levelText = () => `${Math.round(100 * level())}%`;

/** Round a forecast up to three digits, as it isn't exact: items_text of present/words/forecasts.py. */
function roundedUp(n) {
  const step = n < 1000 ? 1 : 10 ** (Math.floor(Math.log10(n)) - 2);
  return Math.ceil(n / step) * step;
}

class Wrong extends Error {}

function wholeNumber(text, name) {
  if (!/^\d+$/.test(text.trim())) throw new Wrong(`${name}: write a whole number.`);
  return Number(text);
}

function counted(right, n, name) {
  const [hits, all] = [wholeNumber(right, `${name}, right`), wholeNumber(n, `${name}, questions`)];
  if (all < 2) throw new Wrong(`${name}: at least 2 questions are needed.`);
  if (all > MOST) throw new Wrong(`${name}: at most ${count(MOST)} questions fit here. Use the command.`);
  if (hits > all) throw new Wrong(`${name}: more right answers than questions.`);
  return [hits, all];
}

/** Answer with one score. */
function one({ right, n }) {
  const [hits, all] = counted(right, n, "One score");
  const found = meanOf(Array.from({ length: all }, (_, k) => (k < hits ? 1 : 0)), { level: level() });
  const edge = hits === 0 ? `The rate is below ${percent2(upperRate(0, all, level()))}%` : hits === all ? `The failure rate is below ${percent2(upperRate(0, all, level()))}%` : "";
  return {
    sentence: `${percent(found.value)}% (${levelText()} CI ${percent(found.low)} to ${percent(found.high)}).`,
    more: edge && `${edge} (${levelText()} confidence).`,
    bar: { ...found, from: 0, to: 1 },
    command: `howsure estimate ${hits}/${all}${levelFlag()}`,
    found,
  };
}

const percent2 = (value) => (100 * value).toPrecision(2);
const levelFlag = () => (level() === 0.95 ? "" : ` --level ${level()}`);

/** Compare two counts. */
function two({ rightA, a, rightB, b }) {
  const [first, second] = [counted(rightA, a, "First"), counted(rightB, b, "Second")];
  const found = pairOfCounts(first, second, level());
  const sign = found.value < 0 ? -1 : 1;
  const [lead, other] = sign > 0 ? ["The first", "the second"] : ["The second", "the first"];
  const [low, high] = sign > 0 ? [found.low, found.high] : [-found.high, -found.low];
  const shown = `(${levelText()} CI ${percent(low)} to ${percent(high)}, ${pText(found.pValue)}).`;
  const decided = found.low > 0 || found.high < 0;
  const gap = `${percent(Math.abs(found.value))} points`;
  const sentence = found.value === 0 ? `Can't tell. Both score the same (${levelText()} CI ${percent(found.low)} to ${percent(found.high)}).` : decided ? `${lead} is better than ${other} by ${gap} ${shown}` : `Can't tell. ${lead} is ahead of ${other} by ${gap} ${shown}`;
  return { sentence, bar: { ...found, from: -1, to: 1 }, command: `howsure compare ${first.join("/")} ${second.join("/")}${levelFlag()}`, found };
}

function numberIn(text, name, least, most) {
  const value = Number(text.trim().replace(",", ".").replace("%", ""));
  if (!text.trim() || !(value > least && value < most)) throw new Wrong(`${name}: write a number between ${least} and ${most}.`);
  return value;
}

/** Plan the questions of a comparison. */
function plan({ effect, power, agreement }) {
  const points = numberIn(effect, "Difference", 0, 100);
  const known = agreement.trim() !== "";
  const share = known ? numberIn(agreement, "Agreement", 0, 100) / 100 : null;
  if (known && points / 100 > 1 - share) throw new Wrong("Two models that agree this often can't differ this much.");
  const spread = known ? { within: Number((1 - share).toFixed(15)), answer: 0 } : { within: NINTH, answer: THIRD };
  const items = itemsNeeded(spread, { level: level(), method: "score" }, points / 100, 1, Number(power));
  if (!Number.isFinite(items)) throw new Wrong("No number of questions is enough.");
  const flags = `${known ? ` --agreement ${Number((100 * share).toFixed(6))}%` : ""}${power === "0.8" ? "" : ` --power ${power}`}${levelFlag()}`;
  return {
    sentence: `You need about ${count(roundedUp(items))} questions, one attempt each by both models.`,
    more: known ? "" : "Assumed: the textbook's values (Miller 2024). If you know how often your models agree, you need fewer.",
    command: `howsure plan --effect ${Number(points.toFixed(6))}pp${flags}`,
    found: { items },
  };
}

/** Read a pasted table: comma, tab, semicolon or bar between columns, the first line names them. */
function tableRows(text) {
  const lines = text.trim().split(/\r?\n/).filter((line) => line.trim() && !/^[\s|:+-]+$/.test(line));
  if (lines.length < 2) throw new Wrong("Paste a first line with the names of the columns, and a line per model.");
  const mark = ["\t", "|", ";", ","].find((each) => lines[0].includes(each));
  if (mark === undefined) throw new Wrong("Separate the columns by commas, tabs, semicolons or bars.");
  const cells = (line) => line.split(mark).map((cell) => cell.trim().replace(/^"|"$/g, "").replace(/\*\*/g, ""));
  const bare = (line) => (mark === "|" ? cells(line.replace(/^\s*\||\|\s*$/g, "")) : cells(line));
  const heads = bare(lines[0]).map((head) => head.toLowerCase());
  const column = (names) => heads.findIndex((head) => names.includes(head.replace(/\s*\(?%\)?$/, "")));
  const [model, score, n, stderr] = [
    ["model", "name", "system", "agent"], ["score", "accuracy", "acc", "value", "resolved", "mean", "pass@1"],
    ["n", "questions", "samples", "items", "total"], ["stderr", "se", "std_err", "standard error"],
  ].map(column);
  if (score < 0) throw new Wrong("No column is called score, accuracy or the like.");
  const marked = /%/.test(heads[score]);
  return { lines: lines.slice(1).map(bare), model, score, n, stderr, marked };
}

function board({ table, n }) {
  const { lines, model, score, n: counts, stderr, marked } = tableRows(table);
  const usual = n.trim() === "" ? null : wholeNumber(n, "Questions");
  const read = (text, name) => {
    const value = Number((text ?? "").replace("%", "").replace(/,/g, ""));
    if (!text || !Number.isFinite(value)) throw new Wrong(`${name}: ${JSON.stringify(text ?? "")} isn't a number.`);
    return value;
  };
  const raw = lines.map((cells, k) => ({
    model: (model < 0 ? cells.find((_, c) => c !== score) : cells[model]) || `row ${k + 1}`,
    score: read(cells[score], "Score"),
    percent: marked || /%/.test(cells[score]),
    n: counts >= 0 && cells[counts] ? read(cells[counts], "Questions") : usual,
    stderr: stderr >= 0 && cells[stderr] ? read(cells[stderr], "Standard error") : null,
  }));
  if (raw.length > 500) throw new Wrong("At most 500 models fit here. Use the command.");
  const inPercent = raw.some((row) => row.percent || row.score > 1);
  const scale = inPercent ? 100 : 1;
  const rows = raw.map((row) => ({ ...row, score: row.score / scale, stderr: row.stderr === null ? null : row.stderr / scale }));
  if (rows.some((row) => row.score < 0 || row.score > 1)) throw new Wrong("Scores must lie between 0 and 1, or between 0 and 100%.");
  if (rows.some((row) => row.n === null && row.stderr === null)) throw new Wrong("Give the number of questions, in a column n or below.");
  const found = publishedBoard(rows, level());
  const significant = found.filter((row) => row.pValue <= 1 - level()).length;
  const gaps = found.length - 1;
  const told = gaps < 1 ? "One model." : `${significant === 0 ? "None" : significant} of the ${gaps} gaps between neighbours ${significant === 1 ? "is" : "are"} significant.`;
  return { sentence: told.replace("None of the 1 gaps between neighbours are", "The gap isn't").replace("1 of the 1 gaps between neighbours is", "The gap is"), table: found, command: `howsure audit table.csv${usual === null ? "" : ` --n ${usual}`}${levelFlag()}`, found };
}

/** Draw an interval between two ends of the scale. */
function drawn({ value, low, high, from, to }) {
  const place = (x) => `${2 + (96 * (Math.min(Math.max(x, from), to) - from)) / (to - from)}%`;
  const part = (name, given, text) => {
    const made = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, given_] of Object.entries(given)) made.setAttribute(key, given_);
    if (text) made.textContent = text;
    return made;
  };
  const svg = part("svg", { role: "img", "aria-label": `interval from ${percent(low)} to ${percent(high)}` });
  const line = (name, x1, x2, y = 12) => part("line", { class: name, x1: place(x1), x2: place(x2), y1: y, y2: y });
  svg.append(line("axis", from, to));
  for (const tick of from < 0 ? [-1, -0.5, 0, 0.5, 1] : [0, 0.25, 0.5, 0.75, 1]) {
    svg.append(part("line", { class: tick === 0 && from < 0 ? "zero" : "axis", x1: place(tick), x2: place(tick), y1: 4, y2: 20 }));
    svg.append(part("text", { x: place(tick), y: 32, "text-anchor": tick === from ? "start" : tick === to ? "end" : "middle" }, minus(String(100 * tick))));
  }
  svg.append(line("bar", low, high), part("circle", { class: "dot", cx: place(value), cy: 12, r: 4.5 }));
  return svg;
}

function rowsOf(found) {
  const table = document.createElement("table");
  const line = (cells, kind) => {
    const row = document.createElement("tr");
    row.append(...cells.map((text) => Object.assign(document.createElement(kind), { textContent: text })));
    return row;
  };
  table.append(line(["model", "score %", `${levelText()} CI`, "to the next", "p"], "th"));
  for (const row of found) {
    const known = Number.isFinite(row.low);
    table.append(line([row.model, percent(row.score), known ? `${percent(row.low)}–${percent(row.high)}` : "", Number.isFinite(row.gap) ? percent(row.gap) : "", Number.isFinite(row.pValue) ? pText(row.pValue).replace("p = ", "").replace("p ", "") : ""], "td"));
  }
  const holder = Object.assign(document.createElement("div"), { className: "scroll", tabIndex: 0 });
  holder.setAttribute("role", "region");
  holder.setAttribute("aria-label", "The published table with intervals");
  holder.append(table);
  return holder;
}

const QUESTIONS = { one, two, plan, board };
const values = (name) => Object.fromEntries(new FormData(at(name)));

function answer(name) {
  const shown = at(`${name}-answer`);
  try {
    const found = QUESTIONS[name](values(name));
    shown.replaceChildren(found.sentence, ...(found.more ? [Object.assign(document.createElement("div"), { className: "small", textContent: found.more })] : []));
    if (found.bar) shown.append(drawn(found.bar));
    if (found.table) shown.append(rowsOf(found.table));
    at(`${name}-command`).textContent = found.command;
    return found;
  } catch (error) {
    if (!(error instanceof Wrong)) throw error;
    shown.replaceChildren(Object.assign(document.createElement("span"), { className: "wrong", textContent: error.message }));
    at(`${name}-command`).textContent = "";
    return { wrong: error.message };
  }
}

/** Keep everything in the address, so that it can be sent. */
function keep() {
  const kept = new URLSearchParams();
  if (level() !== 0.95) kept.set("level", at("level").value);
  for (const name of Object.keys(QUESTIONS)) {
    for (const field of at(name).elements) {
      if (field.name && field.value !== field.dataset.usual) kept.set(`${name}.${field.name}`, field.value);
    }
  }
  history.replaceState(null, "", kept.size ? `#${kept}` : location.pathname + location.search);
}

function restore() {
  const kept = new URLSearchParams(location.hash.slice(1));
  const chosen = [...at("level").options].some((option) => option.value === kept.get("level"));
  at("level").value = chosen ? kept.get("level") : "0.95";
  for (const name of Object.keys(QUESTIONS)) {
    for (const field of at(name).elements) {
      if (!field.name) continue;
      field.dataset.usual ??= field.value;
      field.value = kept.get(`${name}.${field.name}`) ?? field.dataset.usual;
    }
  }
  Object.keys(QUESTIONS).forEach(answer);
}

restore();
window.addEventListener("hashchange", restore);
at("level").addEventListener("change", () => (Object.keys(QUESTIONS).forEach(answer), keep()));
for (const name of Object.keys(QUESTIONS)) {
  at(name).addEventListener("input", () => (answer(name), keep()));
  at(name).addEventListener("submit", (event) => event.preventDefault());
}
for (const button of document.querySelectorAll("[data-copy]")) {
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(at(button.dataset.copy).textContent).then(() => (at("spoken").textContent = "Copied."), () => getSelection().selectAllChildren(at(button.dataset.copy)));
  });
}
