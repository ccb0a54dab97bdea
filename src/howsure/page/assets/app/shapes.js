// Shapes: elements of SVG.

const SVG = "http://www.w3.org/2000/svg";

/** Make an element of a picture: its attributes, and the text in it. */
function shape(tag, attributes, text = "") {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.textContent = text;
  return element;
}
