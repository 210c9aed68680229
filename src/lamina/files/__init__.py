"""Files of plain values and arrays: verified, and written atomically, so never half-written."""
