// What the page uses: charts without eval, so that the page can forbid it.
import { extend } from "vega-util";
import { transforms } from "vega-dataflow";
import * as data from "vega-transforms";
import * as view from "vega-view-transforms";
import * as encode from "vega-encode";

extend(transforms, data, view, encode);

export { parse } from "vega-parser";
export { View } from "vega-view";
export { expressionInterpreter } from "vega-interpreter";
export { compile } from "vega-lite";
