/** A path with the methods of a canvas path and the text of an SVG path. */

export class SvgPath {
  private data: string;

  constructor(from?: SvgPath) {
    this.data = from?.data ?? "";
  }

  /** Value of a path element's `d`. */
  get d(): string {
    return this.data;
  }

  moveTo(x: number, y: number): void {
    this.add("M", x, y);
  }

  lineTo(x: number, y: number): void {
    // On a canvas, the first `lineTo` of a path acts like `moveTo`.
    if (this.data === "") this.moveTo(x, y);
    else this.add("L", x, y);
  }

  bezierCurveTo(x1: number, y1: number, x2: number, y2: number, x: number, y: number): void {
    if (this.data === "") this.moveTo(x1, y1);
    this.add("C", x1, y1, x2, y2, x, y);
  }

  quadraticCurveTo(x1: number, y1: number, x: number, y: number): void {
    if (this.data === "") this.moveTo(x1, y1);
    this.add("Q", x1, y1, x, y);
  }

  closePath(): void {
    if (this.data !== "") this.data += "Z";
  }

  rect(x: number, y: number, width: number, height: number): void {
    this.moveTo(x, y);
    this.add("H", x + width);
    this.add("V", y + height);
    this.add("H", x);
    this.closePath();
  }

  roundRect(x: number, y: number, width: number, height: number, radius = 0): void {
    const [right, bottom] = [x + width, y + height];
    const corner = Math.min(radius, width / 2, height / 2);
    const turn = (toX: number, toY: number) => this.add("A", corner, corner, 0, 0, 1, toX, toY);
    this.moveTo(x + corner, y);
    this.add("H", right - corner);
    turn(right, y + corner);
    this.add("V", bottom - corner);
    turn(right - corner, bottom);
    this.add("H", x + corner);
    turn(x, bottom - corner);
    this.add("V", y + corner);
    turn(x + corner, y);
    this.closePath();
  }

  arc(x: number, y: number, radius: number, from: number, to: number, backwards = false): void {
    const at = (angle: number) =>
      [x + radius * Math.cos(angle), y + radius * Math.sin(angle)] as const;
    const sweep = sweepOf(from, to, backwards);
    this.lineTo(...at(from));
    // SVG draws nothing for an arc that ends where it begins, so draw two arcs of at most half a turn.
    for (const fraction of [0.5, 1]) {
      this.add("A", radius, radius, 0, 0, sweep < 0 ? 0 : 1, ...at(from + fraction * sweep));
    }
  }

  private add(command: string, ...numbers: number[]): void {
    this.data += command + numbers.map(brief).join(" ");
  }
}

/** Return the angle that an arc turns, at most a full turn, in the requested direction. */
function sweepOf(from: number, to: number, backwards: boolean): number {
  const full = 2 * Math.PI;
  const turn = backwards ? from - to : to - from;
  const size = turn >= full ? full : ((turn % full) + full) % full;
  return backwards ? -size : size;
}

/** Return a number of pixels to a hundredth, without trailing zeros. */
export function brief(value: number): string {
  return String(Math.round(value * 100) / 100 || 0);
}
