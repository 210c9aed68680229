/** A formula: MathML made element by element from the server's lists, never from a string. */

import { h, type VNode } from "preact";
import type { MathNode } from "../wire/protocol/steps";

const TAGS = new Set("math mi mo mn mtext mrow mfrac msqrt msub msup msubsup mspace".split(" "));

/** Style and pointer events of a symbol within a formula. */
export interface Mark {
  readonly class: string;
  readonly onPointerEnter: () => void;
  readonly onPointerLeave: () => void;
}

/** The symbols that stand for numbers of the step, as `symbolKey` writes them. */
export type Marks = ReadonlyMap<string, Mark>;

export function Formula({ nodes, marks }: { nodes: readonly MathNode[]; marks?: Marks }) {
  return <>{nodes.map((node) => element(node, marks))}</>;
}

function element(node: MathNode, marks: Marks | undefined): VNode | string {
  if (typeof node === "string") return node;
  if (!Array.isArray(node)) return "";
  const [tag, ...inside] = node;
  if (typeof tag !== "string" || !TAGS.has(tag)) return "";
  const attributes = inside.find(isAttributes) ?? {};
  const mark = tag === "math" ? undefined : marks?.get(JSON.stringify(node));
  const children = inside.filter((each) => !isAttributes(each));
  return h(tag, { ...attributes, ...mark }, ...children.map((each) => element(each, marks)));
}

function isAttributes(node: MathNode): node is { [attribute: string]: string } {
  return typeof node === "object" && !Array.isArray(node);
}

/** A symbol for use within other formulas: the first part of its own, without `math` around it. */
export function symbolKey(symbol: readonly MathNode[]): string {
  const [first] = symbol;
  if (!Array.isArray(first)) return "";
  const inside = first.slice(1).filter((each) => !isAttributes(each));
  return inside.length === 1 ? JSON.stringify(inside[0]) : "";
}
