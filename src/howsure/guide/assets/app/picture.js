// "Copy picture": a chapter's picture as a PNG, in the clipboard or as a file.

const PAINTED = ["fill", "fill-opacity", "stroke", "stroke-width", "stroke-dasharray", "stroke-linecap", "stroke-linejoin", "opacity", "paint-order", "font-size", "font-weight", "font-family", "text-anchor"];
const SHARPNESS = 2;

/** Put the button that copies a figure's picture below it. */
function bindPictures(root) {
  for (const caption of root.querySelectorAll("figure > figcaption")) {
    const button = make("button", { type: "button", kind: "copy noprint", text: "Copy picture" });
    button.addEventListener("click", async () => {
      button.textContent = await copyPicture(caption.parentElement);
      setTimeout(() => (button.textContent = "Copy picture"), 2000);
    });
    caption.append(" ", button);
  }
}

async function copyPicture(figure) {
  const picture = pngOf(figure.querySelector("svg"));
  try {
    await navigator.clipboard.write([new ClipboardItem({ "image/png": picture })]);
    return "Copied";
  } catch {
    saveFile(await picture, `howsure-${figure.dataset.figure}.png`);
    return "Saved as a file";
  }
}

function saveFile(blob, name) {
  const address = URL.createObjectURL(blob);
  make("a", { href: address, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}

/** Return a picture as a PNG, as it is painted now, on the card's colour. */
async function pngOf(svg) {
  const drawn = svg.cloneNode(true);
  const [from, to] = [svg, drawn].map((each) => [each, ...each.querySelectorAll("*")]);
  from.forEach((each, k) => {
    const style = getComputedStyle(each);
    for (const name of PAINTED) to[k].setAttribute(name, style.getPropertyValue(name));
  });
  drawn.setAttribute("xmlns", "http://www.w3.org/2000/svg");
  const image = new Image();
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(new XMLSerializer().serializeToString(drawn))}`;
  await image.decode();
  const { width, height } = svg.viewBox.baseVal;
  const canvas = make("canvas", { width: width * SHARPNESS, height: height * SHARPNESS });
  const pen = canvas.getContext("2d");
  pen.scale(SHARPNESS, SHARPNESS);
  pen.fillStyle = getComputedStyle(svg.closest("figure")).backgroundColor;
  pen.fillRect(0, 0, width, height);
  pen.drawImage(image, 0, 0);
  return new Promise((done) => canvas.toBlob(done, "image/png"));
}
