// Prompts, right answers and answers: carried by the page, asked of the server that it comes from, or not there.

const FOLDED = 1600;
const SHOWN_ENDS = 700;
const HINT = 90;
const FEW_LETTERS = 15;
const KINDS = ["prompt", "target", "output", "answer", "error"];

class Texts {
  constructor(report, live) {
    Object.assign(this, { report, live, books: new Map() });
  }

  /** Say why the page can show no texts of the k-th board; "" where it can. */
  why(k) {
    const { held, why } = this.report.texts;
    if (why[k] !== "") return `Prompts and answers aren't known: ${why[k]}.`;
    if (held || this.live) return "";
    return "Prompts and answers aren't in this page, since pages get sent. howsure view shows them; howsure report --texts puts them in.";
  }

  /** Return the attempts of each of these models at a question, and why some have none. */
  async of(k, item, models) {
    if (this.why(k) !== "") return { answers: new Map(), why: this.why(k) };
    const { found, why } = this.live ? await this.asked(k, item, models) : await this.carried(k, item, models);
    const answers = new Map(models.map((m) => [m, found[m] ?? []]));
    const silent = [...answers.values()].every((attempts) => attempts.length === 0);
    return { answers, why: silent ? why || "No prompts and answers are known for this question." : "" };
  }

  async asked(k, item, models) {
    const places = [["data", this.report.origin.fingerprint], ["board", k], ["item", item]];
    const query = new URLSearchParams([...places, ...models.map((m) => ["model", m])]);
    const answer = await fetch(`question?${query}`, { cache: "no-store" });
    const told = await answer.json();
    if (!answer.ok) return { found: {}, why: told.message };
    return { found: told.models, why: told.why && `Prompts and answers aren't known: ${told.why}.` };
  }

  async carried(k, item, models) {
    const { strings, questions, left, why } = await this.book(k);
    const pointing = questions[item] ?? {};
    const read = (attempt) => ({
      ...attempt,
      ...Object.fromEntries(KINDS.filter((name) => name in attempt).map((name) => [name, strings[attempt[name]]])),
    });
    const found = Object.fromEntries(models.map((m) => [m, (pointing[m] ?? []).map(read)]));
    const room = `There was no room for the texts of this question in the page: it is one of ${count(left)}. howsure view shows it.`;
    return { found, why: questions[item] === undefined && left ? room : why && `Prompts and answers aren't known: ${why}.` };
  }

  /** Unpack the texts of a board, once. */
  async book(k) {
    if (!this.books.has(k)) this.books.set(k, unpack(this.report.texted(k)));
    return this.books.get(k);
  }

  /** Say whether questions can be searched by their texts. */
  searchable(k) {
    return this.report.texts.held && !this.live && this.why(k) === "";
  }

  /** Return the end of each question's prompt, where the page holds it: what is asked stands there, behind examples. */
  async hints(k, items) {
    if (!this.searchable(k)) return [];
    const { strings, questions } = await this.book(k);
    return items.map((item) => {
      const first = Object.values(questions[item] ?? {}).flat().find((attempt) => "prompt" in attempt);
      if (first === undefined) return "";
      return lastLines([strings[first.prompt]].flat().at(-1));
    });
  }

  /** Return, for each word, the questions with a text that has it. */
  async search(k, words) {
    const { strings, questions } = await this.book(k);
    const lower = strings.map((text) => [text].flat().join(" ").toLowerCase());
    return words.map((word) => {
      const there = lower.map((text) => text.includes(word));
      const has = (attempt) => KINDS.some((name) => name in attempt && there[attempt[name]]);
      return new Set(Object.keys(questions).filter((item) => Object.values(questions[item]).flat().some(has)).map(Number));
    });
  }
}

/** Return the last line of a text, or as many as say something, within a length. */
function lastLines(text) {
  const every = text.slice(-4 * HINT).split("\n").map((line) => line.trim()).filter(Boolean);
  let end = every.pop() ?? "";
  while (end.length < FEW_LETTERS && every.length) end = `${every.pop()} ${end}`;
  return end.length > HINT ? `…${Array.from(end).slice(-HINT).join("")}` : end;
}

/** Return the elements of a text as it stands in a log: lines stay lines, and the middle of a long one is shown on demand. */
function passage(text) {
  const [head, left, tail] = Array.isArray(text) ? text : [text, 0, ""];
  const gone = left ? make("em", { text: `… ${count(left)} characters are left out …` }) : null;
  const parts = [...folded(head), gone, ...(tail ? folded(tail) : [])].filter((part) => part !== null);
  return make("div", { kind: "said", children: parts });
}

function folded(text) {
  if (text.length <= FOLDED) return [lines(text)];
  const middle = lines(text.slice(SHOWN_ENDS, -SHOWN_ENDS));
  const more = make("button", { type: "button", text: `… ${count(text.length - 2 * SHOWN_ENDS)} more characters …` });
  more.addEventListener("click", () => more.replaceWith(middle));
  return [lines(text.slice(0, SHOWN_ENDS)), more, lines(text.slice(-SHOWN_ENDS))];
}

function lines(text) {
  const element = document.createElement("span");
  element.textContent = text
    .split(/\r?\n/)
    .map((line) => line.split("\t").map(visible).join("\t"))
    .join("\n");
  return element;
}
