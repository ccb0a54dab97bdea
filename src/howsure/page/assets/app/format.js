// Numbers as text, as document.py writes them.

const DECIMALS = 10;
const BILLION = 1e9;
/** Numbers below 1 have three decimals, those below this two significant digits. */
const LEAST = 0.01;

/** Round to so many decimals; a tie goes to the even digit, as in Python. */
function fixed(value, digits) {
  const exact = value.toFixed(20);
  const tail = exact.slice(exact.indexOf(".") + 1 + digits);
  if (!/^50*$/.test(tail)) return value.toFixed(digits);
  const below = exact.slice(0, exact.indexOf(".") + (digits ? 1 + digits : 0));
  return Number(below.at(-1)) % 2 === 0 ? below : value.toFixed(digits);
}

/** Write so many digits, as Python's format "g" does, and in full up to a billion; a tie goes to the even digit. */
function significant(value, places) {
  if (value === 0) return "0";
  const [digits, exponent] = value.toExponential(40).split("e");
  let rounded = value.toExponential(places - 1);
  if (/^50*$/.test(digits.slice(places + 1)) && Number(digits[places]) % 2 === 0) rounded = `${digits.slice(0, places + 1)}e${exponent}`;
  const [shown, power] = rounded.split("e");
  if (Number(power) >= 3 && Number(rounded) <= BILLION) return count(Number(rounded));
  if (Number(power) >= -4 && Number(power) < 4) return String(Number(rounded));
  return `${Number(shown)}e${power[0]}${power.slice(1).padStart(2, "0")}`;
}

/** Write a score without its unit. */
function scoreNumber(value, percent) {
  if (value === null || !Number.isFinite(value)) return "n/a";
  if (value < 0) return `−${scoreNumber(-value, percent)}`;
  if (percent) return fixed(Number((100 * value).toFixed(DECIMALS)), 1);
  if (LEAST <= value && value < 1) return fixed(Number(value.toFixed(DECIMALS)), 3);
  return significant(Number(value.toPrecision(DECIMALS)), value < 1 ? 2 : 4);
}

function score(value, percent) {
  return scoreNumber(value, percent) + (percent ? "%" : "");
}

function gap(value, percent) {
  return scoreNumber(Math.abs(value), percent) + unit(percent);
}

/** Write an interval of a table: `1.5–13.9`, or `−1.5 to 13.9` if a limit is negative. */
function span(low, high) {
  return `${low}${low.startsWith("−") || low === "n/a" ? " to " : "–"}${high}`;
}

/** Write by how much one model is ahead; what would read as 0 is less than what is shown. */
function lead(pair, percent) {
  const size = pair.difference.slice(1);
  return (percent && pair.d !== 0 && size === "0.0" ? "less than 0.1" : size) + unit(percent);
}

function signed(value, percent) {
  return (value < 0 ? "−" : "+") + gap(value, percent);
}

function unit(percent) {
  return percent ? " points" : "";
}

function count(value) {
  return Math.round(value).toLocaleString("en-US");
}

function plural(value, noun) {
  return `${count(value)} ${noun}${value === 1 ? "" : "s"}`;
}

/** A forecast of more questions or attempts than this is not said: nobody runs as many. */
const MOST_FORECAST = 1e5;

/** Write a forecast of a count, rounded up to two digits: it is not exact. */
function roundedUp(value) {
  const step = 10 ** Math.max(Math.floor(Math.log10(Math.max(value, 1))) - 1, 0);
  return count(Math.ceil(value / step) * step);
}

function level(value) {
  return `${Number((100 * value).toPrecision(12))}%`;
}

function share(value) {
  return `${Math.round(100 * value)}%`;
}
