"""Files that are whole or not there: plain values and arrays, verified, written atomically."""
