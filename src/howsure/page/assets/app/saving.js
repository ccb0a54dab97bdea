// What leaves the page: saved as a file or copied. Where a frame lets nothing be saved, and where nothing can be copied, it is shown.

/** Say whether the page stands in a frame that may not let files be saved, which only shows when it is tried. */
function confined() {
  return window.parent !== window && window.origin === "null";
}

/** Copy a text; return whether it was. */
async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copySelected(text);
  }
}

/** Copy as it is done where the clipboard is refused or missing. */
function copySelected(text) {
  const [area, before] = [make("textarea", { kind: "unseen", readonly: true }), document.activeElement];
  area.value = text;
  (before?.parentElement ?? document.body).append(area);
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  before?.focus();
  return done;
}

/** Copy a text, or show it to be copied; return what to say. */
async function copyOrShow(text, title) {
  if (await copy(text)) return "Copied.";
  new ShownDialog({ title, text });
  return "";
}

/** Save a file, or show what would stand in it. `file`: its name, its text, and of a picture the address of its data. */
function saveOrShow(file) {
  if (confined()) return void new ShownDialog({ title: file.name, ...file });
  save(file);
}

function save({ name, type, text, picture }) {
  const address = picture ?? URL.createObjectURL(new Blob([text], { type: `${type};charset=utf-8` }));
  make("a", { href: address, download: name }).click();
  if (!picture) setTimeout(() => URL.revokeObjectURL(address), 60_000);
}

/** What would be saved or copied, to be taken by hand. */
class ShownDialog {
  constructor({ title, name, type, text, picture }) {
    const said = make("span", { role: "status" });
    const button = (words, run) => {
      const made = make("button", { type: "button", text: words });
      made.addEventListener("click", run);
      return made;
    };
    const area = text && make("textarea", { readonly: true, rows: 12, spellcheck: "false", "aria-label": title });
    if (area) area.value = text;
    const hint = picture ? "Copy or save the picture from its menu." : "Select it and copy it.";
    const dialog = make("dialog", {
      kind: "card shown",
      "aria-label": title,
      children: [
        make("h2", { text: title }),
        picture ? make("img", { src: picture, alt: title }) : null,
        area ?? null,
        make("p", {
          kind: "tools",
          children: [
            area ? button("Copy", async () => (said.textContent = (await copy(text)) ? "Copied." : hint)) : null,
            name ? button("Save", () => save({ name, type, text, picture })) : null,
            button("Close", () => dialog.close()),
            said,
          ],
        }),
        make("p", { kind: "small", text: `${name ? "This frame may not let files be saved. " : ""}${hint}` }),
      ],
    });
    dialog.addEventListener("close", () => dialog.remove());
    document.body.append(dialog);
    dialog.showModal();
    area?.select();
  }
}
