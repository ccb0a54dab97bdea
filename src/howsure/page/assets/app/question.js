// One question: how all models did on it, and what was asked and answered, as far as that is known.

const MOST_NAMES = 12;
const MOST_SHOWN = 3;

class QuestionView {
  /** `go` is called with what is to stand in the address. */
  constructor({ go, list }) {
    Object.assign(this, { go, list, turn: 0 });
    at("question-list").addEventListener("click", () => go({ look: "questions" }, { step: true, focus: true }));
    at("question-back").addEventListener("click", () => this.walk(-1));
    at("question-on").addEventListener("click", () => this.walk(1));
    at("question-card").addEventListener("keydown", (event) => this.pressed(event));
    at("question-models").addEventListener("click", (event) => this.chosen(event.target.closest("button[data-model]")));
  }

  board(board, details, texts, links) {
    Object.assign(this, { shown: board, items: details.items, k: details.first, texts, links });
    this.names = shortNames(board.models.map((model) => model.model));
  }

  /** Go from question to question with the arrow keys, unless they move something else. */
  pressed(event) {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (step === undefined || event.altKey || event.ctrlKey || event.metaKey || event.target.matches("input, select")) return;
    event.preventDefault();
    this.walk(step);
  }

  walk(step) {
    const next = this.listed[this.listed.indexOf(this.item) + step];
    if (next !== undefined) this.go({ question: this.items.ids[next] });
  }

  chosen(button) {
    if (button !== null) this.go({ of: "model", model: this.shown.models[Number(button.dataset.model)].model }, { step: true });
  }

  /** Show a question with the answers of two models, or of one (b null). */
  async show(item, models) {
    const turn = (this.turn += 1);
    this.item = item;
    const asked = models.filter((m) => m !== null);
    this.listed = (await this.list.listed(models)).listed.map(({ k }) => k);
    if (turn !== this.turn) return;
    this.head(item);
    this.facts(item, asked);
    this.models(item);
    at("question-texts").setAttribute("aria-busy", "true");
    const found = await this.texts.of(this.k, item, asked).catch(() => ({ answers: new Map(), why: "The server isn't responding." }));
    if (turn !== this.turn) return;
    at("question-texts").replaceChildren(...this.written(item, asked, found));
    at("question-texts").removeAttribute("aria-busy");
  }

  head(item) {
    const place = this.listed.indexOf(item);
    at("question-title").textContent = visible(this.items.ids[item]) || "(no id)";
    at("question-place").textContent = place < 0 ? "" : `${count(place + 1)} of ${count(this.listed.length)}`;
    at("question-back").disabled = place <= 0;
    at("question-on").disabled = place < 0 || place === this.listed.length - 1;
  }

  facts(item, asked) {
    const { percent } = this.shown;
    const { clusters, labels, name } = this.items;
    const answered = this.shown.models.filter((_, m) => this.items.of(m)[item] !== null).length;
    const rows = [
      ...(clusters === null ? [] : [[name || "cluster", labels[clusters[item]]]]),
      ["mean over models", `${score(this.items.means()[item], percent)} (${plural(answered, "model")})`],
      ...asked.map((m) => [shorten(this.names[m], 26), this.said(m, item)]),
    ];
    at("question-facts").replaceChildren(
      ...rows.flatMap(([term, value]) => [make("dt", { text: term }), make("dd", { text: value })]),
    );
  }

  /** Say the score of a model, and of how many attempts. */
  said(m, item) {
    const value = this.items.of(m)[item];
    if (value === null) return "not answered";
    const attempts = this.items.attempts(m, item);
    const right = value * attempts;
    const whole = this.shown.percent && attempts > 1 && Math.abs(right - Math.round(right)) < 1e-3;
    const times = whole ? ` (${count(right)} of ${plural(attempts, "attempt")})` : attempts > 1 ? ` (${plural(attempts, "attempt")})` : "";
    return score(value, this.shown.percent) + times;
  }

  /** List all models by their score on the question, the best first. */
  models(item) {
    const groups = new Map();
    this.shown.models.forEach((_, m) => {
      const value = this.items.of(m)[item];
      groups.set(value, [...(groups.get(value) ?? []), m]);
    });
    const sign = this.shown.lower ? 1 : -1;
    const values = [...groups.keys()].sort((x, y) => (x === null) - (y === null) || sign * (x - y));
    at("question-models").replaceChildren(...values.map((value) => this.group(value, groups.get(value))));
  }

  group(value, models) {
    const marks = this.shown.percent && !this.shown.lower;
    const word = value === null ? "not answered" : marks && value === 1 ? "right" : marks && value === 0 ? "wrong" : score(value, this.shown.percent);
    const buttons = models.map((m) =>
      make("button", { type: "button", "data-model": m, title: visible(this.shown.models[m].model), text: shorten(this.names[m], 30) }),
    );
    const children = [make("strong", { text: `${word}: ${count(models.length)}` }), ...buttons.slice(0, MOST_NAMES)];
    const others = buttons.slice(MOST_NAMES);
    if (others.length) {
      const more = make("button", { type: "button", kind: "more", text: `… ${count(others.length)} more` });
      more.addEventListener("click", () => {
        more.replaceWith(...others);
        others[0].focus();
      });
      children.push(more);
    }
    return make("p", { kind: "group", children });
  }

  /** Return what was asked and answered: what is the same for all that are shown stands once. */
  written(item, asked, { answers, why }) {
    const parts = [];
    if (why) parts.push(make("p", { kind: "small", text: why }));
    for (const [kind, title] of [["prompt", "Asked"], ["target", "Right answer"]]) parts.push(...this.shared(kind, title, asked, answers));
    const columns = asked.map((m, k) => this.answered(item, m, asked.length > 1 ? "ab"[k] : "", answers.get(m) ?? []));
    const shown = columns.filter((column) => column !== null);
    if (shown.length) parts.push(make("div", { kind: "answers", children: shown }));
    return parts;
  }

  shared(kind, title, asked, answers) {
    const texts = new Map();
    for (const m of asked)
      for (const attempt of answers.get(m) ?? []) {
        if (attempt[kind] === undefined) continue;
        const key = JSON.stringify(attempt[kind]);
        const known = texts.get(key) ?? { text: attempt[kind], models: new Set() };
        texts.set(key, { ...known, models: known.models.add(m) });
      }
    return [...texts.values()].flatMap(({ text, models }) => {
      const whose = texts.size > 1 ? `: ${[...models].map((m) => shorten(this.names[m], 30)).join(", ")}` : "";
      return [make("h3", { text: `${title}${whose}` }), passage(text)];
    });
  }

  /** Return the answers of a model, attempt by attempt; null where nothing is known and nothing can be linked. */
  answered(item, m, side, attempts) {
    const links = attempts.length ? [] : this.links.samples(m, this.items.ids[item]);
    if (attempts.length === 0 && links.length === 0) return null;
    const head = make("h3", { children: [named(shorten(this.names[m], 40), side)] });
    const parts = attempts.map((attempt, k) => this.attempt(item, m, attempt, k, attempts.length));
    const children = [head, ...links, ...parts.slice(0, MOST_SHOWN)];
    const others = parts.slice(MOST_SHOWN);
    if (others.length)
      children.push(make("details", { children: [make("summary", { text: `${plural(others.length, "more attempt")}` }), ...others] }));
    const more = attempts.at(-1)?.more;
    if (more) children.push(make("p", { kind: "small", text: `${plural(more, "more attempt")} not in this page.` }));
    return make("div", { children });
  }

  attempt(item, m, said, k, all) {
    const { percent, lower } = this.shown;
    const marks = percent && !lower && (said.score === 0 || said.score === 1);
    const told = [
      all > 1 ? `attempt ${k + 1}` : "",
      said.score === undefined ? "" : marks ? (said.score ? "right" : "wrong") : score(said.score, percent),
      said.stop ?? "",
    ].filter(Boolean);
    const link = said.source === undefined ? null : this.links.sample(m, said.source, this.items.ids[item], said.attempt + 1);
    const head = make("p", { kind: marks ? `small mark ${said.score ? "right" : "wrong"}` : "small", children: [visible(told.join(" · ")), link] });
    const texts = [
      said.output === undefined ? null : passage(said.output),
      ...(said.answer === undefined ? [] : [make("p", { kind: "small", text: "taken as the answer:" }), passage(said.answer)]),
      ...(said.error === undefined ? [] : [make("p", { kind: "small", text: "error:" }), passage(said.error)]),
    ];
    return make("div", { kind: "attempt", children: [head, ...texts] });
  }
}

/** Links to the samples of Inspect's logs, where the page was told an Inspect View of their folder. */
class Links {
  constructor(address, logs) {
    Object.assign(this, { address, logs: logs ?? [] });
  }

  /** Return a link to a log of a model, or to an attempt of it. */
  to(source, text, ...more) {
    const file = source.split("/").map(encodeURIComponent).join("/");
    const href = `${this.address}#/logs/${file}${more.map((part) => `/${part}`).join("")}`;
    return make("a", { kind: "out", href, rel: "noopener noreferrer", target: "_blank", text });
  }

  models(m) {
    const logs = this.logs[m] ?? [];
    return logs.map((source, k) => this.to(source, logs.length > 1 ? `Inspect View, log ${k + 1}` : "Inspect View"));
  }

  sample(m, source, id, epoch) {
    if (!(this.logs[m] ?? []).includes(source)) return null;
    return this.to(source, "Inspect", "samples", "sample", encodeURIComponent(id), epoch);
  }

  /** Return a link to the first attempt in each log of a model. */
  samples(m, id) {
    return (this.logs[m] ?? []).map((source) => make("p", { kind: "small", children: [this.sample(m, source, id, 1)] }));
  }
}
