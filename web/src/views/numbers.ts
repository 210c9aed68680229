/** Numbers as text: few digits, a true minus, commas between thousands. */

const WHOLE = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
/** Larger numbers are written as powers of ten, because their digits would take too much space. */
const LONGEST = 1e12;
const LONGEST_FIXED = 1e6;

export function whole(value: number): string {
  return Math.abs(value) < LONGEST ? WHOLE.format(value) : short(value);
}

/** Return a number with that many significant digits; very large and small ones as powers of ten. */
export function short(value: number | null | undefined, digits = 3): string {
  if (value === null || value === undefined || Number.isNaN(value)) return "–";
  if (!Number.isFinite(value)) return value > 0 ? "∞" : "−∞";
  if (value === 0) return "0";
  const size = Math.abs(value);
  const said =
    size >= 1e5 || size < 1e-3
      ? power(value, digits)
      : size >= 1000
        ? WHOLE.format(value)
        : String(Number(value.toPrecision(digits)));
  return said.replaceAll("-", "−");
}

/** Return a number with a fixed number of decimals, so that a column of them keeps its width. */
export function fixed(value: number | null | undefined, decimals: number): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return short(value);
  if (Math.abs(value) >= LONGEST_FIXED) return short(value);
  return value.toFixed(decimals).replace("-", "−");
}

export function percent(fraction: number | null | undefined): string {
  if (fraction === null || fraction === undefined || Number.isNaN(fraction)) return "–";
  return `${(100 * fraction).toFixed(1)} %`;
}

export function capital(name: string): string {
  return name.charAt(0).toUpperCase() + name.slice(1);
}

function power(value: number, digits: number): string {
  const [mantissa = "", exponent = "0"] = value.toExponential(digits - 1).split("e");
  return `${String(Number(mantissa))}e${Number(exponent)}`;
}

/** Return the next number of 1, 3, 10, 30, … up or down. */
export function stepInPowers(value: number, direction: 1 | -1): number {
  const steps = [1, 3];
  const decade = Math.floor(Math.log10(value) + 1e-9);
  const ladder = [decade - 1, decade, decade + 1].flatMap((exponent) =>
    steps.map((step) => Number(`${step}e${exponent}`)),
  );
  const near = 1e-9 * value;
  const next =
    direction > 0
      ? ladder.find((step) => step > value + near)
      : ladder.findLast((step) => step < value - near);
  return next ?? value;
}

const BY_NUMBER = new Intl.Collator("en", { numeric: true });

/** Return the indices that sort names naturally: 2 comes before 10, also within a name. */
export function inNaturalOrder(names: readonly string[]): number[] {
  const places = Array.from(names, (_, place) => place);
  return places.sort((one, other) => BY_NUMBER.compare(names[one] ?? "", names[other] ?? ""));
}
