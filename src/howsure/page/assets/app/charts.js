// Charts: a Vega-Lite specification of drawings.py and rows; drawn once, then given new rows.

/** One chart in one element, described in words for those who don't see it. */
class Chart {
  constructor(element, spec) {
    this.element = element;
    this.spec = spec;
    this.view = null;
    element.setAttribute("role", "img");
  }

  /** Draw rows; `label` says in words what they show; `extent` are the ends of an axis that charts share. */
  async show(rows, label, extent) {
    this.element.setAttribute("aria-label", label);
    if (this.view === null) this.view = this.start(rows, extent);
    else this.view.data("rows", rows);
    await this.view.runAsync();
    this.element.querySelector("svg")?.setAttribute("aria-hidden", "true"); // the label says it
  }

  start(rows, extent) {
    const spec = structuredClone(this.spec);
    spec.data = { name: "rows", values: rows };
    spec.config.aria = false;
    if (extent) withExtent(spec.encoding.x, extent);
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

function withExtent(x, [low, high]) {
  x.scale = { domain: [low, high], nice: false, zero: false };
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
