// Charts: a Vega-Lite specification of drawings.py and rows; drawn once, then given new rows.

/** One chart in one element, described in words for those who don't see it; its values are read by hovering, with arrow keys, or by a tap. */
class Chart {
  /** `walked`: whether it has values to read one by one. */
  constructor(element, spec, { walked = true } = {}) {
    Object.assign(this, { element, spec, walked, view: null, said: null });
    this.keys = (event) => this.walk(event);
    this.quiet = () => this.say("");
  }

  /** Draw rows; `label` says in words what they show. */
  async show(rows, label) {
    if (this.view === null) this.view = this.start(rows);
    else this.view.data("rows", rows);
    this.element.setAttribute("role", "img"); // after the start, which sets its own
    this.element.setAttribute("aria-label", label);
    await this.view.runAsync();
    this.element.querySelector("svg")?.setAttribute("aria-hidden", "true"); // the label says it
    if (this.walked) this.readable();
  }

  /** Offer the values that the chart holds to the keyboard and to a finger. */
  readable() {
    this.values = [...new Set(tips(this.view.scenegraph().root))];
    this.here = -1;
    this.say("");
    if (this.values.length === 0) return this.element.removeAttribute("tabindex");
    this.element.tabIndex = 0;
    this.element.setAttribute("aria-keyshortcuts", "ArrowLeft ArrowRight");
    this.element.addEventListener("keydown", this.keys);
    this.element.addEventListener("blur", this.quiet);
  }

  walk(event) {
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1, Home: -Infinity, End: Infinity }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    this.here = Math.min(Math.max(this.here + step, 0), this.values.length - 1);
    this.say(this.values[this.here]);
  }

  /** Write a value below the chart. */
  say(text) {
    if (this.said === null) {
      if (text === "") return;
      this.said = make("p", { kind: "small here", role: "status" });
      this.element.after(this.said);
    }
    this.said.textContent = text.replaceAll("\n", " · ");
  }

  start(rows) {
    const spec = structuredClone(this.spec);
    spec.data = { name: "rows", values: rows };
    spec.config.aria = false;
    const compiled = libraries.compile(spec, { logger: silent }).spec;
    const view = new libraries.View(libraries.parse(compiled, null, { ast: true }), {
      expr: libraries.expressionInterpreter,
      renderer: "svg",
      container: this.element,
      logLevel: 0,
      hover: true,
    });
    view.tooltip((_, __, ___, value) => {
      this.element.title = told(value);
    });
    if (this.walked) view.addEventListener("click", (_, item) => this.say(told(item?.tooltip)));
    return view;
  }

  /** Forget the drawing, so that the next one starts anew. */
  clear() {
    this.view?.finalize();
    this.view = null;
    this.said?.remove();
    this.said = null;
    this.element.replaceChildren();
  }
}

/** Return what the marks of a chart say when they are hovered over, in their order. */
function tips(mark) {
  return mark.items.flatMap((item) => [...(told(item.tooltip) ? [told(item.tooltip)] : []), ...(item.items ?? []).flatMap(tips)]);
}

function told(value) {
  if (value === null || value === undefined) return "";
  return typeof value === "object" ? Object.values(value).join("\n") : String(value);
}

const silent = {
  level: () => silent,
  error: () => silent,
  warn: () => silent,
  info: () => silent,
  debug: () => silent,
};
