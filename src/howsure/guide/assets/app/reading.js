// What every chapter has beside its pictures: terms with a gloss, a question with feedback, a command to copy, the plain version read aloud.

/** A term shows its one-line gloss behind it when it is chosen, and hides it when chosen again. */
function bindTerms(root) {
  for (const term of root.querySelectorAll(".term")) {
    term.setAttribute("role", "button");
    term.tabIndex = 0;
    term.setAttribute("aria-expanded", "false");
    term.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" && event.key !== " ") return;
      event.preventDefault();
      term.click();
    });
    term.addEventListener("click", () => {
      const open = term.getAttribute("aria-expanded") === "true";
      term.setAttribute("aria-expanded", String(!open));
      if (open) term.nextElementSibling.remove();
      else term.after(make("span", { kind: "gloss", role: "note", text: ` (${term.dataset.gloss})` }));
    });
  }
}

/** The question that ends a chapter: every answer says why it is right or wrong. */
function bindQuiz(quiz) {
  const told = make("p", { kind: "feedback", role: "status" });
  quiz.append(told);
  quiz.addEventListener("change", ({ target }) => {
    const right = target.hasAttribute("data-right");
    told.textContent = `${right ? "Yes." : "Not quite."} ${target.dataset.why}`;
    told.classList.toggle("right", right);
  });
}

/** Fill the places of a chapter's commands with what is chosen: {logs}, {clusters}, {a}, {b}, {gap}, {margin}. */
function fillCommands({ root, board, values }) {
  const [a, b] = [values.a ?? board.a, values.b ?? board.b];
  const fields = {
    logs: board.path,
    clusters: clusterWords(board, values.whole ?? countsClusters(board)),
    a: quoted(board.models[a]),
    b: a === b ? "MODEL" : quoted(board.models[b] ?? "MODEL"),
    gap: `${values.gap}pp`,
    margin: `${values.margin}pp`,
  };
  for (const command of root.querySelectorAll(".command code")) {
    command.dataset.template ??= command.textContent;
    const said = visible(command.dataset.template.replace(/\{(\w+)\}/g, (_, name) => fields[name]).trimEnd());
    if (command.textContent !== said) command.textContent = said;
  }
}

/** The words of a command by which clusters count, or don't. */
function clusterWords(board, whole) {
  if (board.clusters === null || whole === countsClusters(board)) return board.grouping;
  return whole ? `${board.grouping} --population new-clusters` : board.grouping.replace(/--cluster \S+/, "--cluster none");
}

/** Quote a word for a shell, where it must be. */
function quoted(word) {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'"'"'`)}'`;
}

function bindCopy(root) {
  for (const command of root.querySelectorAll(".command")) {
    const button = make("button", { type: "button", kind: "copy", text: "Copy" });
    command.append(button);
    button.addEventListener("click", async () => {
      const code = command.querySelector("code");
      try {
        await navigator.clipboard.writeText(code.textContent);
        button.textContent = "Copied";
      } catch {
        getSelection().selectAllChildren(code);
        button.textContent = "Marked: copy it with the keyboard";
      }
    });
  }
}

/** Reads the plain version aloud, one sentence after the other, with the browser's own speech. */
class Reader {
  constructor(root) {
    this.text = root.querySelector(".text");
    [this.start, this.pace] = [root.querySelector(".listen button"), root.querySelector(".listen input")];
    [this.place, this.turn] = [0, 0];
    root.querySelector(".listen").hidden = !("speechSynthesis" in window);
    this.start.addEventListener("click", () => (this.speaking ? this.stop() : this.speak()));
    this.pace.addEventListener("input", () => {
      root.querySelector(".listen output").textContent = `${Number(this.pace.value).toFixed(1)}×`;
      if (this.speaking) this.speak();
    });
  }

  /** Stop speaking, and put the text back as it was: to be read aloud, it was parted into sentences without links and emphasis. */
  stop() {
    if (!this.speaking) return;
    this.turn += 1; // what was being said reports its end, which then means nothing
    this.speaking = false;
    speechSynthesis.cancel();
    this.start.textContent = "Listen";
    this.text.replaceChildren(...this.written);
  }

  speak() {
    this.stop();
    this.written = [...this.text.cloneNode(true).childNodes];
    this.sentences = sentencesIn(this.text);
    if (this.place >= this.sentences.length) this.place = 0;
    this.speaking = true;
    this.start.textContent = "Stop";
    this.next(this.turn);
  }

  next(turn) {
    if (turn !== this.turn) return;
    const sentence = this.sentences[this.place];
    if (sentence === undefined) return this.stop();
    this.mark(sentence);
    const said = new SpeechSynthesisUtterance(sentence.textContent);
    said.lang = "en";
    said.rate = Number(this.pace.value);
    said.onend = () => {
      if (turn !== this.turn) return;
      this.place += 1;
      this.next(turn);
    };
    speechSynthesis.speak(said);
  }

  mark(sentence) {
    this.text.querySelector(".spoken")?.classList.remove("spoken");
    sentence.classList.add("spoken");
    sentence.scrollIntoView({ block: "nearest" });
  }
}

/** Wrap every sentence of paragraphs and list entries, code left out, and return them in order. */
function sentencesIn(text) {
  const parts = new Intl.Segmenter("en", { granularity: "sentence" });
  const found = [];
  for (const block of text.querySelectorAll("p, li")) {
    if (block.querySelector("p")) continue;
    const pieces = [...parts.segment(block.textContent.replace(/\s+/g, " "))].map(({ segment }) => make("span", { text: segment }));
    block.replaceChildren(...pieces);
    found.push(...pieces.filter((piece) => piece.textContent.trim()));
  }
  return found;
}
