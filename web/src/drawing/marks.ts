/** Marks of data points: one shape for each class, so that no picture relies on colour alone. */

type Corner = readonly [number, number];

/** Corners around the origin, with about the area of a circle of radius 1; none for the circle itself. */
const SHAPES: readonly { readonly name: string; readonly corners: readonly Corner[] }[] = [
  { name: "circle", corners: [] },
  { name: "square", corners: around(4, 1.22, Math.PI / 4) },
  { name: "triangle", corners: around(3, 1.5, -Math.PI / 2) },
  { name: "diamond", corners: around(4, 1.3, 0) },
  { name: "pentagon", corners: around(5, 1.2, -Math.PI / 2) },
  { name: "plus", corners: plus(0) },
  { name: "cross", corners: plus(Math.PI / 4) },
  { name: "star", corners: star() },
];

export function shapeName(index: number): string {
  return shape(index).name;
}

/** Add the mark of a class to the path. */
export function traceMark(
  path: CanvasPath,
  index: number,
  x: number,
  y: number,
  radius: number,
): void {
  const { corners } = shape(index);
  if (corners.length === 0) {
    path.moveTo(x + radius, y);
    path.arc(x, y, radius, 0, 2 * Math.PI);
    return;
  }
  corners.forEach(([right, down], number) => {
    if (number === 0) path.moveTo(x + right * radius, y + down * radius);
    else path.lineTo(x + right * radius, y + down * radius);
  });
  path.closePath();
}

/** The same mark as an SVG path around the middle of a 16 × 16 box, for legends. */
export function markPath(index: number, radius = 5): string {
  const { corners } = shape(index);
  if (corners.length === 0) {
    const left = 8 - radius;
    return `M${left} 8a${radius} ${radius} 0 1 0 ${2 * radius} 0a${radius} ${radius} 0 1 0 ${-2 * radius} 0z`;
  }
  const points = corners.map(
    ([right, down]) => `${(8 + right * radius).toFixed(2)} ${(8 + down * radius).toFixed(2)}`,
  );
  return `M${points.join("L")}z`;
}

function shape(index: number) {
  return SHAPES[index % SHAPES.length] as (typeof SHAPES)[number];
}

function around(count: number, radius: number, start: number): Corner[] {
  return Array.from({ length: count }, (_, corner) => {
    const angle = start + (2 * Math.PI * corner) / count;
    return [radius * Math.cos(angle), radius * Math.sin(angle)];
  });
}

function plus(turn: number): Corner[] {
  const [thin, long] = [0.42, 1.35];
  const upright: Corner[] = [
    [-thin, -long],
    [thin, -long],
    [thin, -thin],
    [long, -thin],
    [long, thin],
    [thin, thin],
    [thin, long],
    [-thin, long],
    [-thin, thin],
    [-long, thin],
    [-long, -thin],
    [-thin, -thin],
  ];
  return upright.map(([x, y]) => [
    x * Math.cos(turn) - y * Math.sin(turn),
    x * Math.sin(turn) + y * Math.cos(turn),
  ]);
}

function star(): Corner[] {
  return Array.from({ length: 10 }, (_, corner) => {
    const angle = -Math.PI / 2 + (Math.PI * corner) / 5;
    const radius = corner % 2 === 0 ? 1.5 : 0.65;
    return [radius * Math.cos(angle), radius * Math.sin(angle)];
  });
}
