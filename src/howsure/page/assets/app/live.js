// A page that is served follows the folder: new results come in without losing the reader's place.

function live() {
  return document.documentElement.dataset.live === "yes";
}

function follow() {
  at("following").hidden = false;
  const source = new EventSource("events");
  source.addEventListener("message", async (event) => {
    const { state, message } = JSON.parse(event.data);
    at("live").hidden = message === "";
    at("live").textContent = visible(message);
    if (state === "new") page?.update(await fetched());
  });
  source.addEventListener("error", () => {
    at("live").hidden = false;
    at("live").textContent = "The server isn't responding; the page shows the last results.";
  });
}

async function fetched() {
  const { report, boards } = await (await fetch("data", { cache: "no-store" })).json();
  return { ...report, packed: (k) => boards[k] };
}

if (live()) follow();
