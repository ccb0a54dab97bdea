// One question that goes through all chapters, about the two models of the board: is the one with the higher score better?

/** Who is ahead where both answered the same questions: it need not be who has the higher score of all that were answered. */
function aheadNow({ a, b, pair }) {
  if (pair.value === 0) return "they are level";
  return `${pair.value > 0 ? a.name : b.name} is ahead`;
}

/** Each chapter's answer so far, from its sheet and the story's facts (`storyOf`); `pair`: what pairIn says of the two. */
const STORY = {
  1: ({ state }, story) => {
    const { a } = story;
    if (!state.draws) return `On these questions ${aheadNow(story)}. On others?`;
    return `In ${plural(state.draws, "draw")} of other questions, ${a.name} was ahead in ${count(state.ahead)}.`;
  },
  2: (_, { a, b }) => `Error bars from ${rangeText(a.now)} and from ${rangeText(b.now)}: ${overlapText(a.now, b.now)}. But bars of two models aren’t yet a comparison (chapter 6).`,
  3: (_, { a, b, pair }) => `Each score has a standard error of about ${gap(Math.max(a.se, b.se), true)}. They are ${gap(Math.abs(pair.value), true)} apart.`,
  4: ({ board }, { a, b }) => (board.clusters === null ? "No clusters are known, so the error bars stay as they are." : `With clusters taken into account, error bars from ${rangeText(a.grouped)} and from ${rangeText(b.grouped)}.`),
  5: (_, { a, pair }) => `Four times the questions would halve the standard error, from ${gap(a.se, true)} to ${gap(a.se / 2, true)}. They are ${gap(Math.abs(pair.value), true)} apart.`,
  6: (_, { pair }) => `Question by question: ${verdictOf(pair)}`,
  7: ({ board }, story) => {
    const { pair, whole } = story;
    story.needed ??= questionsNeeded(gapSpread({ board, values: { a: board.a, b: board.b, whole } }), Math.abs(pair.value));
    const { needed } = story;
    return needed < MOST_FORECAST ? `To show a gap of ${gap(Math.abs(pair.value), true)} it takes about ${roundedUp(needed)} questions. There are ${count(pair.n)}.` : `No number of questions up to ${count(MOST_FORECAST)} would show a gap of ${gap(Math.abs(pair.value), true)}.`;
  },
  8: (_, { a, b, shared }) => {
    const gate = gateOf(shared, 0.02);
    return `Is it ruled out that ${a.name} is more than 2 points worse? ${{ pass: "Yes.", fail: "No: it is worse.", open: "No, not by these questions." }[gate.verdict]}`;
  },
  9: ({ board }, { pair, whole }) => finalText(board, pair, whole),
};

/** Fill in the question and the answer so far; nothing where the board has no two models with questions in common. */
function tellStory(sheet) {
  const place = sheet.root.querySelector(".story");
  const facts = place && storyFacts(sheet.board);
  if (!facts) {
    if (place) place.hidden = true;
    return;
  }
  const { a, b } = facts;
  const name = sheet.root.dataset.chapter;
  place.hidden = false;
  sheet.tell({
    question: `${score(a.alone.value, true)} or ${score(b.alone.value, true)}: is ${a.name} better than ${b.name}?`,
    sofar: sheet.guess?.open && name !== "9" ? "First, your guess." : `${STORY[name](sheet, facts)}${switchedText(sheet.board, facts.whole)}`,
  });
}

/** The two models of the board, the one ahead first, with their error bars, and what pairs say of them, with clusters as the switch has it; worked out once. */
function storyFacts(board) {
  const whole = clustersCount(board);
  board.stories ??= new Map();
  if (!board.stories.has(whole)) board.stories.set(whole, storyOf(board, whole));
  return board.stories.get(whole);
}

function storyOf(board, whole) {
  if (board.b < 0 || board.a === board.b) return null;
  const [first, second] = board.score(board.a) >= board.score(board.b) ? [board.a, board.b] : [board.b, board.a];
  const shared = board.shared(first, second, whole);
  const pair = shared.a.length > 1 ? pairIn(shared) : { low: null };
  if (pair.low === null) return null;
  const of = (m) => ({ m, name: board.names[m], alone: board.mean(m), grouped: board.mean(m, { clustered: true }), now: board.mean(m, { clustered: whole }), se: board.meanIn(m, whole).se });
  return { a: of(first), b: of(second), shared, pair, whole };
}

function rangeText({ low, high }) {
  return low === null ? "nothing to anything" : `${scoreNumber(low, true)} to ${score(high, true)}`;
}

function overlapText(a, b) {
  const holds = ({ low, high }, value) => low <= value && value <= high;
  if (holds(a, b.value) && holds(b, a.value)) return "each score lies within the other’s bar";
  return a.low <= b.high ? "they overlap" : "they don’t overlap";
}

function verdictOf(pair) {
  const range = `between ${signed(pair.low, true)} and ${signed(pair.high, true)}`;
  const verdict = !(pair.pValue < 0.05) ? "Can’t tell." : pair.value > 0 ? "It is better." : "It is worse.";
  return `${signed(pair.value, true)}, ${range}. ${verdict}`;
}

function finalText(board, pair, whole) {
  const others = board.models.length + board.left;
  const picked = others > 2 ? ` And they were two of ${count(others)}: a pair picked because it looks good needs stronger evidence.` : "";
  if (pair.pValue < 0.05) {
    const [answer, ends] = pair.value > 0 ? ["Yes", [pair.low, pair.high]] : ["No", [-pair.high, -pair.low]];
    const by = ends.map((end) => gap(end, true)).join(" to ");
    return `${answer}, ${aboutText(board, whole)}: ${pair.value > 0 ? "better" : "worse"} by ${by}.${picked}`;
  }
  return `These ${count(pair.n)} questions can’t tell, and no ranking of them can. The difference is ${signed(pair.low, true)} to ${signed(pair.high, true)}, ${aboutText(board, whole)}.`;
}

/** What the switch for clusters does to the line, where it isn't as it was. */
function switchedText(board, whole) {
  if (whole === countsClusters(board)) return "";
  return whole ? " (Clusters are taken into account.)" : " (Clusters are not taken into account.)";
}

/** What an error bar is about. */
function aboutText({ clusters, same, groups }, whole) {
  if (clusters === null) return "on questions like these";
  if (whole) return "on questions of other clusters as well";
  return same ? `on more questions from these ${plural(groups.length, "cluster")}` : "if clusters don’t matter";
}

/** A sentence that may be printed. */
function headlineText({ board, values }, pair) {
  const [a, b] = [values.a, values.b].map((m) => board.names[m]);
  if (pair.low === null) return `These questions can’t tell which of ${a} and ${b} is better: no interval can be given.`;
  const facts = `(difference ${signed(pair.value, true)}, 95% CI ${signed(pair.low, true)} to ${signed(pair.high, true)}, ${aboutText(board, values.whole)})`;
  if (!(pair.pValue < 0.05)) return `${count(pair.n)} questions can’t tell which of ${a} and ${b} is better ${facts}.`;
  return `${pair.value > 0 ? a : b} is better than ${pair.value > 0 ? b : a} ${facts}.`;
}
