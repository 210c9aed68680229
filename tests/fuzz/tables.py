"""Mutants of tables in files: changed bytes, and rows as people might have written them."""

from __future__ import annotations

import gzip
import io
import random

import pandas as pd

CELLS = (
    *("", "0", "1", "-1.5", "1e400", "inf", "nan", "NA", "?", "-", "007", "1,5", "1.234", "$5"),
    *("5 €", "45%", "(3)", "31.12.2024", "1/2/2024", "2024-13-01", "9:05", "true", "yes", "Total"),
    *('"a"', '"', '""', "a, b", "two\nlines", "\r", "\0", "é", "\ud7ff", "x" * 500, "#", "sep=;"),
    *("9" * 400, "1" + "0" * 60, "99999999999999999999", "0000-00-00", "23:59:60", "'", ";;", "\t"),
    *("2024-12-31T10:00:00+99:99", "1.2.24", "12 kg", "\u202e", "\x1a", " ", "　5", "٣", "1_000"),
)
ENDS = ("\n", "\r\n", "\r", "\n\n", "\n \n")
ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252", "utf-32")
NAMES = ("a", "b", "id", "day", "", " ", "1", "2.5", "#x", "é", "a")


def csv_of_rows(rng: random.Random) -> bytes:
    """Return a CSV file of odd cells in an odd layout."""
    separator, end = rng.choice(",;\t|"), rng.choice(ENDS)
    width = rng.randint(1, 5)
    pool = [rng.choice(CELLS) for _ in range(rng.randint(1, 6))]
    rows = [[rng.choice(NAMES) for _ in range(width)]]
    for _ in range(rng.randint(0, 30)):
        n_cells = width if rng.random() < 0.98 else rng.randint(0, 7)
        rows.append([rng.choice(pool) for _ in range(n_cells)])
    quote = rng.choice(('"', ""))
    lines = [separator.join(f"{quote}{cell}{quote}" for cell in row) for row in rows]
    before = rng.choice(("", "", "", "sep=;\n", "# a comment\n", "\n\n", "﻿"))
    text = before + end.join(lines) + rng.choice(("", end))
    return text.encode(rng.choice(ENCODINGS), "replace")


def sound_files() -> dict[str, bytes]:
    """Return small valid files of every format."""
    table = pd.DataFrame(
        {
            "x": [1.5, None, 3.0] * 4,
            "n": range(12),
            "city": ["Oslo", "Rome", None] * 4,
            "day": pd.date_range("2024-01-01", periods=12),
        }
    )
    csv = table.to_csv(index=False).encode()
    files = {"t.csv": csv, "t.csv.gz": gzip.compress(csv, mtime=0)}
    for ending, write in (("parquet", table.to_parquet), ("feather", table.to_feather)):
        stream = io.BytesIO()
        write(stream)
        files[f"t.{ending}"] = stream.getvalue()
    files["t.jsonl"] = table.to_json(orient="records", lines=True, date_format="iso").encode()
    return files


def mutate_bytes(content: bytes, rng: random.Random) -> bytes:
    """Return bytes with some changed, cut, doubled or moved."""
    changed = bytearray(content)
    for _ in range(rng.randint(1, 4)):
        i = rng.randrange(len(changed) + 1)
        j = min(len(changed), i + rng.randint(1, 40))
        draw = rng.randrange(5)
        if draw == 0:
            del changed[i:]
        elif draw == 1:
            del changed[i:j]
        elif draw == 2:
            changed[i:i] = changed[i:j]
        elif draw == 3:
            changed[i:j] = bytes(rng.randrange(256) for _ in range(j - i))
        elif changed:
            changed[i % len(changed)] ^= 1 << rng.randrange(8)
    return bytes(changed)
