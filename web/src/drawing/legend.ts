/** Keys of a picture's legend: the meaning of marks, lines and colours. */

import { classColour, css, mix, type Rgb, sequential, type Theme } from "./colours";
import { traceMark } from "./marks";
import type { Surface } from "./surface";

export interface Key {
  readonly name: string;
  /** Box for the key, before its name. */
  readonly width: number;
  readonly draw: (surface: Surface, left: number, middle: number) => void;
}

/** A class, with the mark of its samples. */
export function classKey(index: number, name: string): Key {
  return {
    name,
    width: 12,
    draw: ({ context }, left, middle) => {
      context.beginPath();
      traceMark(context, index, left + 6, middle, 5);
      context.fillStyle = css(classColour(index));
      context.fill();
      context.lineWidth = 1;
      context.strokeStyle = css(mix(classColour(index), [0, 0, 0], 0.5));
      context.stroke();
    },
  };
}

/** Samples of any class: filled for training, rings for test. */
export function rowKey(name: string, isRing: boolean): Key {
  return {
    name,
    width: 12,
    draw: ({ context, theme }, left, middle) => {
      context.beginPath();
      traceMark(context, 0, left + 6, middle, 4);
      context.lineWidth = 1.75;
      context.strokeStyle = context.fillStyle = css(theme.muted);
      if (isRing) context.stroke();
      else context.fill();
    },
  };
}

/** A line of that colour. */
export function lineKey(
  name: string,
  colour: (theme: Theme) => Rgb,
  dash: number[] = [],
  width = 2,
): Key {
  return {
    name,
    width: 24,
    draw: ({ context, theme }, left, middle) => {
      context.save();
      context.beginPath();
      context.moveTo(left, middle);
      context.lineTo(left + 24, middle);
      context.setLineDash(dash);
      context.lineWidth = width;
      context.strokeStyle = css(colour(theme));
      context.stroke();
      context.restore();
    },
  };
}

/** A field of that colour. */
export function fieldKey(name: string, colour: (theme: Theme) => Rgb): Key {
  return {
    name,
    width: 12,
    draw: ({ context, theme }, left, middle) => {
      context.fillStyle = css(colour(theme));
      context.fillRect(left, middle - 6, 12, 12);
      context.lineWidth = 1;
      context.strokeStyle = css(theme.muted);
      context.strokeRect(left + 0.5, middle - 5.5, 11, 11);
    },
  };
}

const BAR = 120;

/** The colours of numbers, from the lowest to the highest. */
export function scaleKeys(
  low: string,
  high: string,
  colour: (fraction: number) => Rgb = sequential,
): Key[] {
  return [
    { name: low, width: 0, draw: () => {} },
    {
      name: high,
      width: BAR,
      draw: ({ context }, left, middle) => {
        for (let x = 0; x < BAR; x += 2) {
          context.fillStyle = css(colour(x / (BAR - 2)));
          // Overlap neighbouring boxes, because the background would be visible between them.
          context.fillRect(left + x, middle - 4, Math.min(3, BAR - x), 8);
        }
      },
    },
  ];
}
