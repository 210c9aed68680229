"""Make math.woff2: the signs that formulas of the page are made of, out of STIX Two Math.

    npm pack @fontsource/stix-two-math@5.3.0
    python subset.py package/files/stix-two-math-latin-400-normal.woff2

It needs fonttools and brotli. The font keeps its MATH table, by which a browser sets fractions,
roots and indices; without one, parts of a formula overlap.
"""

import sys

from fontTools.subset import main

SIGNS = (
    "U+0020-007E,U+00A0,U+00AC,U+00B1,U+00B7,U+00D7,U+00F7,U+0131,U+0237,U+0302-0304,U+0307,"
    "U+0391-03A9,U+03B1-03C9,U+03D1,U+03D5,U+03F5,U+2016,U+2026,U+2032,U+2061-2064,U+210E,U+2113,"
    "U+211D,U+2190-2193,U+21A6,U+2202,U+2207,U+2208,U+220F,U+2211,U+2212,U+2215,U+2217,U+2218,"
    "U+221A,U+221E,U+2225,U+222B,U+223C,U+2248,U+2260,U+2264,U+2265,U+2299,U+22A4,U+22C5,U+22EF,"
    "U+2308-230B,U+27E8,U+27E9,U+1D434-1D454,U+1D456-1D467,U+1D6A4,U+1D6A5,U+1D6E2-1D71B"
)

main(
    [
        sys.argv[1],
        f"--unicodes={SIGNS}",
        "--layout-features=ssty,math,flac,dtls",
        "--flavor=woff2",
        "--no-hinting",
        "--output-file=math.woff2",
    ]
)
