// Charts: a Vega-Lite specification of drawings.py and rows; drawn once, then given new rows.

/** One chart in one element, described in words for those who don't see it. */
class Chart {
  constructor(element, spec) {
    this.element = element;
    this.spec = spec;
    this.view = null;
  }

  /** Draw rows; `label` says in words what they show. */
  async show(rows, label) {
    if (this.view === null) this.view = this.start(rows);
    else this.view.data("rows", rows);
    this.element.setAttribute("role", "img"); // after the start, which sets its own
    this.element.setAttribute("aria-label", label);
    await this.view.runAsync();
    this.element.querySelector("svg")?.setAttribute("aria-hidden", "true"); // the label says it
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
      this.element.title = value === null || value === undefined ? "" : told(value);
    });
    return view;
  }

  /** Forget the drawing, so that the next one starts anew. */
  clear() {
    this.view?.finalize();
    this.view = null;
    this.element.replaceChildren();
  }
}

function told(value) {
  return typeof value === "object" ? Object.values(value).join("\n") : String(value);
}

const silent = {
  level: () => silent,
  error: () => silent,
  warn: () => silent,
  info: () => silent,
  debug: () => silent,
};
