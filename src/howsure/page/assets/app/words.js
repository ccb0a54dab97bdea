// In plain words: the phrases of phrases.txt that are true of a pair, with its own numbers.

const FEW = 30;
function pairConditions(pair, board, only, needed, attempts) {
  const bar = pair.p !== "n/a" && pair.low !== "n/a";
  return {
    ...pair.holds,
    bar,
    paired: true,
    overall: board.task === "",
    benchmark: board.benchmark,
    lower: board.lower,
    counted: pair.wins + pair.losses + pair.ties > 0,
    differ: pair.wins + pair.losses > 0,
    only: only[0] + only[1] > 0,
    equal: pair.d === 0,
    clustered: pair.g !== pair.n && !board.same,
    levels: Boolean(pair.shares),
    few: pair.df !== null && pair.df < FEW,
    decided: pair.holds.real,
    items: needed < MOST_FORECAST,
    attempts: attempts < MOST_FORECAST,
  };
}

function pairFields(pair, board, names, only, needed, attempts) {
  const [a, b] = names;
  const { percent } = board;
  const ahead = pair.d > 0 !== board.lower;
  const [low, high] = [number(pair.low), number(pair.high)];
  const sides = board.lower ? [-high, -low] : [low, high];
  const texts = [pair.low, pair.high].map((text) => text.replace("−", ""));
  const [near, far] = Math.abs(low) <= Math.abs(high) ? texts : texts.toReversed();
  const upTo = (side, text) => `${side > 0 ? text : scoreNumber(0, percent)}${unit(percent)}`;
  const [worst, best] = board.lower ? texts.toReversed() : texts;
  const { kind } = board;
  return {
    a,
    b,
    a_score: pair.a_score,
    b_score: pair.b_score,
    gap: `${lead(pair, percent)}${percent ? " (percentage points)" : ""}`,
    winner: ahead ? a : b,
    where: board.benchmark ? "on exactly these questions" : `on questions ${kind}`,
    kind,
    levels: board.levels,
    shares: pair.shares,
    why: pair.why?.replace(/\.+$/, "") ?? "too few questions or groups",
    n: plural(pair.n, "question"),
    count: count(pair.n),
    clusters: plural(pair.g, "group"),
    df: pair.df === null ? "" : fixed(pair.df, 1),
    low: withSign(pair.low, percent),
    high: withSign(pair.high, percent),
    level: level(board.level),
    rest: level(Number((1 - board.level).toPrecision(10))),
    plus: `plus means that ${a} scores higher${board.lower ? ", which is worse here" : ""}`,
    a_most: upTo(sides[1], best),
    b_most: upTo(-sides[0], worst),
    near: near + unit(percent),
    far: far + unit(percent),
    wins: count(pair.wins),
    losses: count(pair.losses),
    ties: count(pair.ties),
    only_a: plural(only[0], "question"),
    only_b: plural(only[1], "question"),
    correlation: pair.r ?? "",
    se: pair.shown_se + unit(percent),
    unpaired: pair.unpaired + unit(percent),
    naive: pair.naive + unit(percent),
    p: pair.p.replace("<", "below"),
    luck: pair.luck,
    items: needed < MOST_FORECAST ? roundedUp(needed) : "",
    attempts: attempts < MOST_FORECAST ? roundedUp(attempts) : "",
  };
}

function number(text) {
  return Number(text.replace("−", "-").replaceAll(",", ""));
}

function withSign(text, percent) {
  return (text.startsWith("−") ? text : `+${text}`) + unit(percent);
}

/** Return one paragraph a topic: its question, and the phrases that are true, filled. */
function paragraphs({ texts, when, topics }, conditions, fields) {
  const found = new Map();
  for (const [key, names] of Object.entries(when)) {
    const holds = names.every((name) => (name.startsWith("!") ? !conditions[name.slice(1)] : conditions[name]));
    if (!holds) continue;
    const topic = key.slice(0, key.lastIndexOf("."));
    const said = texts[key].replace(/\{(\w+)\}/g, (_, name) => fields[name]);
    found.set(topic, [...(found.get(topic) ?? []), said]);
  }
  return [...found].map(([topic, said]) => make("p", { text: `${topics[topic]} ${said.join(" ")}` }));
}
