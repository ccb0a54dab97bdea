// The panel over the board: one model, two models, one slice, the questions, one question. What is open stands in the address.

const LOOKS = ["model", "pair", "questions", "slice", "question"];
/** Those that have a button in the panel. */
const TURNS = LOOKS.slice(0, 4);
const BESIDE = "(min-width: 68.75rem)";

class Panel {
  /** `parts`: the model's, the pair's, the slice's, the list of questions, and one question; `opened` is called with the two models that are compared. */
  constructor({ place, parts, opened }) {
    Object.assign(this, { place, parts, opened, from: null });
    for (const look of TURNS) at(`look-${look}`).addEventListener("click", () => this.turn(look));
    at("panel-close").addEventListener("click", () => this.close());
    document.addEventListener("keydown", (event) => this.pressed(event));
    matchMedia(BESIDE).addEventListener("change", () => this.frame());
  }

  /** Take another board. */
  board(board, details) {
    Object.assign(this, { shown: board, details });
    at("look-pair").hidden = board.models.length < 2;
    at("look-slice").hidden = details.slices.length === 0;
  }

  /** Change what stands in the address, and show it. */
  go(values, { step = false, focus = false } = {}) {
    this.place.set(values, { step });
    this.show({ focus });
  }

  /** Open the panel, from where the keyboard is. */
  open(values, { focus = true } = {}) {
    if (!at("panel").contains(document.activeElement)) this.from = document.activeElement;
    this.go({ ...values, question: null }, { step: true, focus: focus || !this.beside });
  }

  /** Turn to another look; the questions are those of the model or the two models that were looked at. */
  turn(look) {
    const of = { model: "model", pair: null }[this.look];
    const asked = look === "questions" && of !== undefined ? { ...UNFILTERED, of } : {};
    this.go({ ...asked, look, question: null }, { step: true, focus: true });
  }

  close() {
    this.go({ look: null, question: null }, { step: true });
  }

  pressed(event) {
    if (event.key !== "Escape" || at("panel").hidden || event.defaultPrevented) return;
    if (event.target.matches?.("input[type=search]") && event.target.value !== "") return;
    this.close();
  }

  get beside() {
    return matchMedia(BESIDE).matches;
  }

  /** What is looked at: as the address says, as far as there is such a thing. */
  get look() {
    const asked = this.place.get("look");
    if (!LOOKS.includes(asked)) return null;
    if (asked === "pair" && this.shown.models.length < 2) return "model";
    if (asked === "slice" && this.details.slices.length === 0) return null;
    return asked === "question" && this.question < 0 ? "questions" : asked;
  }

  get question() {
    return this.details.items?.ids.indexOf(this.place.get("question")) ?? -1;
  }

  find(name) {
    const asked = this.place.get(name);
    return asked === null ? -1 : this.shown.models.findIndex((model) => model.model === asked);
  }

  get model() {
    return Math.max(this.find("model"), this.find("model") < 0 ? this.find("a") : 0, 0);
  }

  /** The two models that are compared: those that were chosen, else the one that is looked at and the best other. */
  get pair() {
    const a = Math.max(this.find("a"), 0);
    const b = this.find("b");
    if (this.find("a") < 0 && b < 0) {
      const other = comparable(this.details.pairs);
      return this.model === 0 ? [0, other] : [this.model, 0];
    }
    if (b >= 0 && b !== a) return [a, b];
    return [a, a === 0 ? comparable(this.details.pairs) : 0];
  }

  /** The models whose answers are shown: two, or one and null. */
  get whose() {
    const alone = this.shown.models.length < 2 || this.place.get("of") === "model";
    return alone ? [this.model, null] : this.pair;
  }

  /** Show what the address says. */
  show({ focus = false } = {}) {
    const { look } = this;
    const open = look !== null;
    const was = !at("panel").hidden;
    if (open !== was) this.frame();
    this.opened(look === "pair" || (look?.startsWith("question") && this.whose[1] !== null) ? this.pair : []);
    if (!open) return was ? this.back() : undefined;
    for (const name of LOOKS) {
      at(`${name}-card`).hidden = name !== look;
      at(`look-${name}`)?.setAttribute("aria-current", String(name === look || (name === "questions" && look === "question")));
    }
    at("panel").classList.toggle("reading", look === "question");
    this.fill(look);
    document.documentElement.dataset.look = [look, ...this.whose].join(" ");
    if (focus || (!was && !this.beside)) this.enter(look);
  }

  fill(look) {
    if (look === "model") return this.parts.model.show(this.model);
    if (look === "pair") return this.parts.pair.show(this.pair);
    if (look === "slice") return this.parts.slice.show();
    if (look === "question") return this.parts.question.show(this.question, this.whose);
    const missing = this.place.get("look") === "question" ? this.place.get("question") : null;
    const names = shortNames(this.whose.filter((m) => m !== null).map((m) => this.shown.models[m].model));
    return this.parts.questions.show(this.whose, names, missing);
  }

  enter(look) {
    at("panel").scrollTop = 0;
    at(`${look}-card`).focus({ preventScroll: true });
  }

  /** Give the keyboard back to where it came from; rows may have been drawn anew since. */
  back() {
    const { from } = this;
    this.from = null;
    const model = from?.closest?.("tr")?.dataset.model;
    const row = model === undefined ? null : document.querySelector(`#board-body tr[data-model="${model}"] .link`);
    const there = from?.isConnected && from !== document.body ? from : (row ?? at("board-card"));
    there.focus({ preventScroll: true });
  }

  /** Put the panel over the edge of the page where there is room, else over all of it. */
  frame() {
    const open = this.look !== null;
    at("panel").hidden = !open;
    document.documentElement.classList.toggle("looking", open);
    const sheet = open && !this.beside;
    for (const part of document.querySelectorAll("body > :is(.skip, header, main, footer)")) part.inert = sheet;
    at("panel").setAttribute("role", sheet ? "dialog" : "complementary");
    if (sheet) at("panel").setAttribute("aria-modal", "true");
    else at("panel").removeAttribute("aria-modal");
  }
}
