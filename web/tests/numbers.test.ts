import { describe, expect, it } from "vitest";
import { parse, plain } from "../src/views/fieldValues";
import { fixed, inNaturalOrder, percent, short, stepInPowers, whole } from "../src/views/numbers";

describe("short", () => {
  it.each([
    [0, "0"],
    [1.23456, "1.23"],
    [-0.5, "−0.5"],
    [12345, "12,345"],
    [0.00012345, "1.23e−4"],
    [2.5e9, "2.5e9"],
    [Number.POSITIVE_INFINITY, "∞"],
    [Number.NEGATIVE_INFINITY, "−∞"],
    [Number.NaN, "–"],
    [null, "–"],
  ])("says %s as %s", (value, said) => {
    expect(short(value)).toBe(said);
  });
});

it("keeps decimals, and a true minus", () => {
  expect(fixed(-0.1, 3)).toBe("−0.100");
});

it("has room for any number", () => {
  const sizes = Array.from({ length: 617 }, (_, place) => 10 ** (place - 308));
  for (const value of sizes.flatMap((size) => [1.2345678 * size, -9.87654321 * size])) {
    for (const said of [short(value), fixed(value, 3), whole(value)]) {
      expect(said.length).toBeLessThanOrEqual(16);
    }
  }
  expect([fixed(-4.83e164, 3), whole(1e300)]).toEqual(["−4.83e164", "1e300"]);
  expect([fixed(-123456.5, 3), whole(123456789012)]).toEqual(["−123456.500", "123,456,789,012"]);
});

it("orders names by the numbers in them", () => {
  const names = ["class_1", "class_10", "class_2", "b", "a"];
  expect(inNaturalOrder(names).map((place) => names[place])).toEqual([
    "a",
    "b",
    "class_1",
    "class_2",
    "class_10",
  ]);
});

it("shows a number in a field with all its digits", () => {
  for (const value of [757293135, 0, -0.1, 1e-7, 1.23456789e-7, 123456.789, 2 ** 53 - 1, 1e21]) {
    expect(parse(plain(value), {})).toBe(value);
  }
  expect(plain(757293135)).toBe("757293135");
});

it("says fractions in percent, and nothing of what is not known", () => {
  expect([percent(0.9642), percent(1), percent(null)]).toEqual(["96.4 %", "100.0 %", "–"]);
});

describe("stepInPowers", () => {
  it("steps up through 1, 3, 10, 30 and back down through them", () => {
    const steps = [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10];
    for (const [place, value] of steps.entries()) {
      if (place > 0) expect(stepInPowers(value, -1)).toBe(steps[place - 1]);
      if (place < steps.length - 1) expect(stepInPowers(value, 1)).toBe(steps[place + 1]);
    }
  });

  it("reaches the ladder from between its rungs", () => {
    expect([stepInPowers(0.002, 1), stepInPowers(0.002, -1)]).toEqual([0.003, 0.001]);
  });
});

describe("parse", () => {
  it("reads numbers as people write them", () => {
    expect(["1e-3", " 0,5 ", "−2"].map((text) => parse(text, {}))).toEqual([0.001, 0.5, -2]);
  });

  it("refuses what is no number, outside the limits, or not whole where it must be", () => {
    expect(["", "abc", "1/0", "Infinity"].map((text) => parse(text, {}))).toEqual(
      Array(4).fill(null),
    );
    expect(parse("0", { low: 0, aboveLow: true })).toBeNull();
    expect(parse("0", { low: 0 })).toBe(0);
    expect(parse("2", { high: 1 })).toBeNull();
    expect(parse("2.5", { whole: true })).toBeNull();
  });
});
