// Tables as text for other programs: CSV, Markdown and LaTeX, escaped as the command line does (present/render).
// A table has `columns` (name, align, and as `error` the place of the column whose numbers stand behind it in print) and `rows`;
// a cell is text, a number, true, false or null. `records`, where there are some, are the same as plain data, which CSV takes.

const FORMULA = /^[\t\r]|^\s*[=+\-@\uff1d\uff0b\uff0d\uff20]/;

/** Write records as CSV; what a spreadsheet would run as a formula gets an apostrophe. */
function csv({ columns, rows, records = null }) {
  const names = records ? Object.keys(records[0] ?? {}) : columns.map((column) => column.name);
  const lines = records ? records.map((record) => Object.values(record)) : rows;
  return [names, ...lines].map((line) => `${line.map(csvCell).join(",")}\n`).join("");
}

function csvCell(value) {
  if (value === null || value === undefined) return "";
  if (typeof value === "boolean") return value ? "True" : "False";
  if (typeof value === "number") return String(value);
  const text = (FORMULA.test(value) ? "'" : "") + visible(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** Where GitHub would make a link, an emoji or a mention of something that is escaped. */
const LINKS = /(?<=:)(?=\/\/|[\p{L}\p{N}_+-]+:)|(?<=www)(?=\.)|(?<=@)(?=[\p{L}\p{N}_])/giu;

function markdownText(text) {
  return visible(text)
    .split(LINKS)
    .map((part) => part.replace(/[\\`*_{}[\]<>#|~!@$&]/g, "\\$&"))
    .join("<!-- -->");
}

function markdown({ columns, rows }) {
  const line = (cells) => `| ${cells.join(" | ")} |\n`;
  const heads = columns.map((column) => markdownText(column.name));
  const rules = columns.map((column) => (column.align === "right" ? "---:" : ":---"));
  return [heads, rules, ...rows.map((row) => row.map((cell) => markdownText(cell ?? "")))].map(line).join("");
}

const LATEX = {
  "\\": "\\textbackslash{}",
  "{": "\\{",
  "}": "\\}",
  $: "\\$",
  "&": "\\&",
  "#": "\\#",
  "%": "\\%",
  _: "\\_",
  "^": "\\textasciicircum{}",
  "~": "\\textasciitilde{}",
  "<": "\\textless{}",
  ">": "\\textgreater{}",
  "|": "\\textbar{}",
  "−": "$-$",
  "±": "$\\pm$",
  "–": "--",
  "…": "\\ldots{}",
  "·": "$\\cdot$",
  "×": "$\\times$",
  "∞": "$\\infty$",
  "≤": "$\\leq$",
  "≥": "$\\geq$",
  "²": "\\textsuperscript{2}",
  "▸": "$\\triangleright$",
  σ: "$\\sigma$",
  ω: "$\\omega$",
  ρ: "$\\rho$",
  "√": "$\\surd$",
  "→": "$\\rightarrow$",
  "“": "``",
  "”": "''",
};
/** Signs that LaTeX would join: behind the first of them nothing is put. */
const LIGATURES = /-(?=-)|[?!](?=`)|,(?=,)|`(?=`)|'(?=')/g;
const NEEDS = "% needs \\usepackage{booktabs}; names beyond Latin letters need LuaLaTeX or XeLaTeX\n\n";

function latexText(text) {
  const parted = visible(text).replace(LIGATURES, "$&\0");
  return Array.from(parted, (sign) => (sign === "\0" ? "{}" : Object.hasOwn(LATEX, sign) ? LATEX[sign] : sign)).join(
    "",
  );
}

/** Write a cell; the end of the line before it must not take its first sign for an option. */
function latexCell(cell) {
  const text = latexText(cell ?? "");
  return /^[[*]/.test(text) ? `{${text}}` : text;
}

/** Write a table; `strong`: which rows are bold. */
function latex({ columns, rows, strong }) {
  const errors = new Set(columns.map((column) => column.error));
  const shown = [...columns.keys()].filter((k) => !errors.has(k));
  const headed = columns.some((column) => column.name !== "");
  const spec = shown.map((k) => (columns[k].align === "right" ? "r" : "l"));
  if (!headed) spec[spec.length - 1] = "p{0.6\\linewidth}";
  const line = (cells) => `${cells.join(" & ")} \\\\`;
  const named = (k) => latexText(columns[k].name + (errorOf(columns, k) ? ` (${errorOf(columns, k).name})` : ""));
  const filled = (row, k) => {
    const behind = row[columns[k].error];
    return latexCell(row[k]) + (behind ? ` (${latexCell(behind)})` : "");
  };
  const head = headed ? [line(shown.map(named)), "\\midrule"] : [];
  const bold = (text, r) => (strong?.[r] && text ? `\\textbf{${text}}` : text);
  const body = rows.map((row, r) => line(shown.map((k) => bold(filled(row, k), r))));
  const lines = [`\\begin{tabular}{${spec.join("")}}`, "\\toprule", ...head, ...body, "\\bottomrule", "\\end{tabular}"];
  return `${NEEDS}${lines.join("\n")}\n`;
}

function errorOf(columns, k) {
  return columns[columns[k].error];
}
