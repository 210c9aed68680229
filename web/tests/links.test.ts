import { beforeEach, describe, expect, test } from "vitest";
import { arrive, linkOf, taken } from "../src/state/links";
import { chosen, show } from "../src/state/panels";

beforeEach(() => {
  taken();
  for (const area of Object.values(chosen)) area.value = null;
});

describe("a link", () => {
  test("names the views that were chosen, and shows them where it is opened", () => {
    show("below", "Compare, all: kept");
    show("plane", "Residuals");
    show("below", "Compare");
    const link = linkOf("http://127.0.0.1:1", "lamina=1.abc");
    expect(link).toBe("http://127.0.0.1:1/#lamina=1.abc&show=plane%3AResiduals%2Cbelow%3ACompare");
    for (const area of Object.values(chosen)) area.value = null;
    arrive(new URL(link).hash);
    expect([chosen.plane.value, chosen.below.value, chosen.side.value]).toEqual([
      "Residuals",
      "Compare",
      null,
    ]);
    expect(taken()).toBe("lamina=1.abc&show=plane%3AResiduals%2Cbelow%3ACompare");
    expect(taken()).toBeNull();
  });

  test("says nothing of views where none was chosen", () => {
    expect(linkOf("http://127.0.0.1:1", "lamina=1.abc")).toBe("http://127.0.0.1:1/#lamina=1.abc");
  });

  test("has no address where the page has none", () => {
    expect(linkOf("null", "lamina=1.abc")).toBe("#lamina=1.abc");
  });

  test("of views alone is nothing for the server", () => {
    arrive("#show=below%3ALoss");
    expect(chosen.below.value).toBe("Loss");
    expect(taken()).toBeNull();
  });

  test("that is foreign is left to the server to refuse", () => {
    arrive("#section-3");
    expect(taken()).toBe("section-3");
  });

  test.each(["#show=__proto__:x", "#show=constructor:x", "#show=below", "#show=:,:,", "#show=%"])(
    "%s shows nothing",
    (hash) => {
      arrive(hash);
      expect(Object.values(chosen).every(({ value }) => value === null)).toBe(true);
      expect(({} as Record<string, unknown>).value).toBeUndefined();
    },
  );

  test("is none where the address has nothing behind its #", () => {
    arrive("");
    arrive("#");
    expect(taken()).toBeNull();
  });
});
