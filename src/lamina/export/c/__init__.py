"""Export to a C99 header."""
