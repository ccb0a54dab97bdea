// Taking things out: every card has a quiet menu with its tables, its charts, and what else belongs to it.

const WRITERS = {
  CSV: { suffix: "csv", type: "text/csv", write: csv },
  Markdown: { suffix: "md", type: "text/markdown", write: markdown },
  LaTeX: { suffix: "tex", type: "application/x-tex", write: latex },
};

class TakeOut {
  constructor(card) {
    this.card = card;
    const title = card.querySelector("h2");
    this.name = title.textContent;
    this.button = make("button", {
      type: "button",
      kind: "quiet",
      hidden: true,
      "aria-expanded": "false",
      text: "Save",
    });
    this.button.setAttribute("aria-label", `Save: ${this.name}`);
    this.menu = make("div", { kind: "menu", role: "group", "aria-label": `Save: ${this.name}`, hidden: true });
    const place = make("span", { kind: "take", children: [this.button, this.menu] });
    if (title.parentElement.matches(".head")) title.parentElement.append(place);
    else {
      const head = make("div", { kind: "head" });
      title.replaceWith(head);
      head.append(title, place);
    }
    this.button.addEventListener("click", () => this.toggle());
    place.addEventListener("keydown", (event) => this.key(event));
    for (const name of ["pointerdown", "focusin"])
      document.addEventListener(
        name,
        ({ target }) => place.contains(target) || target.closest("dialog") || this.close(),
      );
  }

  /** Leave the button out where there is nothing to take. */
  refresh() {
    this.button.hidden = this.groups().length === 0;
    this.close();
  }

  groups() {
    const own = OFFERS[this.card.dataset.take]?.(this.card) ?? [];
    return [...own, ...shownOffers(this.card)];
  }

  toggle() {
    if (!this.menu.hidden) return this.close();
    this.said = make("p", { kind: "small said", role: "status" });
    this.menu.replaceChildren(...this.groups().map((group) => this.group(group)), this.said);
    this.menu.hidden = false;
    this.button.setAttribute("aria-expanded", "true");
    this.menu.querySelector("button").focus();
  }

  close() {
    this.menu.hidden = true;
    this.button.setAttribute("aria-expanded", "false");
  }

  group({ name, choices }) {
    const buttons = choices.map(({ text, run }) => {
      const button = make("button", { type: "button", text, "aria-label": `${text}: ${visible(name)}` });
      button.addEventListener("click", () => this.take(run));
      return button;
    });
    return make("div", { children: [make("span", { text: name }), make("span", { children: buttons })] });
  }

  /** Do what was chosen, and say so; what was saved as text can be copied as well. */
  async take(run) {
    this.said.replaceChildren();
    const done = await run();
    if (typeof done === "string") return void (this.said.textContent = done);
    if (confined()) return void saveOrShow(done);
    save(done);
    this.said.append(make("span", { text: `Saved ${done.name}. ` }));
    if (!done.text) return;
    const button = make("button", { type: "button", text: "Copy it" });
    button.addEventListener("click", () => this.take(() => copyOrShow(done.text, done.name)));
    this.said.append(button);
  }

  key(event) {
    if (event.key === "Escape" && !this.menu.hidden) {
      event.stopPropagation();
      this.close();
      return this.button.focus();
    }
    const buttons = [...this.menu.querySelectorAll("button")];
    const step = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1, Home: -Infinity, End: Infinity }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    if (this.menu.hidden) return this.toggle();
    const next = buttons.indexOf(document.activeElement) + step;
    buttons[Math.min(Math.max(next, 0), buttons.length - 1)].focus();
  }
}

/** What a card offers beyond the tables and charts that are shown on it. */
const OFFERS = {
  tasks: () => [
    tableOffer("Models and tasks", "tasks", () => tasksTable(page.tasks)),
    pictureOffer("Picture", "tasks", () =>
      tasksFigure(page.tasks, { verdict: at("verdict").textContent, source: sourceLine() }),
    ),
  ],
  board: () => {
    const { table } = page;
    const every = [...table.board.models.keys()];
    const { embed } = page.report;
    return [
      tableOffer("Table in view", "leaderboard", () => viewTable(table)),
      tableOffer("Whole table", "leaderboard-all", () => boardTable(table, every)),
      pictureOffer("Picture", "leaderboard", () =>
        boardFigure(table, { verdict: visible(table.board.verdict), source: sourceLine() }),
      ),
      ...(page.rung === page.report ? [textOffer("Methods, for a paper", methodsText, "methods")] : []),
      ...(linkHere() ? [textOffer("Link to this view", linkHere)] : []),
      ...(embed ? [textOffer("Code that embeds the page", () => embed)] : []),
    ];
  },
  pair: () => {
    const { deciding, pair, pairs, shown, a, b } = page.parts.pair;
    if (!pair || pair.n === 0 || pair.d === null) return [];
    const numbers = { ...shownFacts(at("pair-numbers")), records: [pairRecord(shown, a, b, pairs.of(a, b))] };
    const listed = deciding.items !== null && pair.wins + pair.losses > 0;
    return [
      tableOffer("Numbers", "pair", () => numbers),
      ...(listed ? [tableOffer("Questions that decide", "questions", () => questionTable(deciding, [a, b]))] : []),
    ];
  },
  slice: () => [tableOffer("Models on this slice", "slice", () => sliceTable(page.looks.slice))],
  model: () => [tableOffer("Numbers", "model", () => shownFacts(at("model-numbers")))],
  pairs: () =>
    page.table.view.pairs?.models > 1 ? [tableOffer("All pairs", "pairs", () => allPairs(page.table))] : [],
};

/** Return the tables and charts that are shown on a card. */
function shownOffers(card) {
  const seen = (element) => element.checkVisibility();
  const tables = [...card.querySelectorAll("table.howsure")].filter(seen);
  const charts = [...card.querySelectorAll(".chart")].filter((chart) => seen(chart) && chart.querySelector("svg"));
  const file = card.id.replace("-card", "");
  return [
    ...tables.map((table) => tableOffer(headingOf(table, card), file, () => shownTable(table))),
    ...charts.map((chart) =>
      pictureOffer(headingOf(chart, card), chart.id, () => chartFigure(chart, { source: sourceLine() })),
    ),
  ];
}

/** Return what a table or a chart is called: its caption, or the heading over it. */
function headingOf(element, card) {
  const called = element.caption?.textContent ?? element.dataset.title;
  const over = (heading) => heading.compareDocumentPosition(element) & Node.DOCUMENT_POSITION_FOLLOWING;
  return called ?? [...card.querySelectorAll("h2, h3")].filter(over).at(-1).textContent;
}

function tableOffer(name, what, table) {
  const choices = Object.entries(WRITERS).map(([text, { suffix, type, write }]) => ({
    text,
    run: () => ({ name: fileName(what, suffix), type, text: write(table()) }),
  }));
  return { name, choices };
}

function pictureOffer(name, what, figure) {
  const svg = () => ({ name: fileName(what, "svg"), type: "image/svg+xml", text: figure().text });
  const dots = async () => ({ name: fileName(what, "png"), type: "image/png", picture: await png(figure()) });
  return {
    name,
    choices: [
      { text: "SVG", run: svg },
      { text: "PNG", run: dots },
    ],
  };
}

/** Offer a text to be copied, and under a name to be saved. */
function textOffer(name, text, what = "") {
  const choices = [{ text: "Copy", run: () => copyOrShow(text(), name) }];
  if (what)
    choices.push({ text: "Save", run: () => ({ name: fileName(what, "txt"), type: "text/plain", text: text() }) });
  return { name, choices };
}

/** Return the methods paragraph of a paper, and below it what it cites. */
function methodsText() {
  return [...at("methods").children].map((part) => part.textContent).join("\n\n");
}

/** Return the address of what is in view, "" in a frame that has none. */
function linkHere() {
  const base = page.report.url || (confined() || location.protocol === "about:" ? "" : location.href);
  return base && `${base.split("#")[0]}#${page.place.values}`;
}

function fileName(what, suffix) {
  return `${slug(`${page.shown.title}-${what}`)}.${suffix}`;
}

function slug(text) {
  return (
    text
      .replace(/[^A-Za-z0-9.-]+/g, "-")
      .replace(/^[-.]+|[-.]+$/g, "")
      .slice(-80) || "howsure"
  );
}

/** Say where a picture comes from. */
function sourceLine() {
  const { version, origin, title } = page.report;
  const about = at("about-part").hidden ? "" : ` about ${at("about").selectedOptions[0].text}`;
  return visible(`${title} · ${facts(page.shown)}${about} · howsure ${version}, data ${origin.fingerprint}`);
}

/** Give every card its menu, as soon as there is something to take. */
function offerToTakeOut() {
  const menus = [...document.querySelectorAll("[data-take]")].map((card) => new TakeOut(card));
  const refresh = () => menus.forEach((menu) => menu.refresh());
  new MutationObserver(refresh).observe(document.documentElement, { attributeFilter: ["data-ready", "data-look"] });
}
