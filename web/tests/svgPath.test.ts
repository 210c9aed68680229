import { describe, expect, test } from "vitest";
import { brief, SvgPath } from "../src/drawing/svgPath";

describe("a path as SVG writes it", () => {
  test("begins where its first line goes, as on a canvas", () => {
    const path = new SvgPath();
    path.lineTo(1, 2);
    path.lineTo(2.71, 4);
    path.closePath();
    expect(path.d).toBe("M1 2L2.71 4Z");
  });

  test("goes once around a circle in two arcs, for one that ends where it begins is not drawn", () => {
    const path = new SvgPath();
    path.moveTo(7, 5);
    path.arc(5, 5, 2, 0, 2 * Math.PI);
    expect(path.d).toBe("M7 5L7 5A2 2 0 0 1 3 5A2 2 0 0 1 7 5");
  });

  test("turns the way that an arc asks for", () => {
    const path = new SvgPath();
    path.arc(0, 0, 1, 0, Math.PI / 2, true);
    expect(path.d).toMatch(/^M1 0A1 1 0 0 0 .* 0 0 0 0 1$/);
  });

  test("rounds no corner by more than there is room for", () => {
    const path = new SvgPath();
    path.roundRect(0, 0, 10, 4, 6);
    expect(path.d).toBe("M2 0H8A2 2 0 0 1 10 2V2A2 2 0 0 1 8 4H2A2 2 0 0 1 0 2V2A2 2 0 0 1 2 0Z");
  });

  test("goes on apart from the path that it was copied from", () => {
    const path = new SvgPath();
    path.moveTo(1, 1);
    const copy = new SvgPath(path);
    copy.lineTo(2, 2);
    expect([path.d, copy.d]).toEqual(["M1 1", "M1 1L2 2"]);
  });

  test("writes hundredths of pixels, and no minus before nothing", () => {
    expect([brief(1 / 3), brief(-0.001), brief(2)]).toEqual(["0.33", "0", "2"]);
  });
});
