"""What stands in docs/ and is made from the code: tables and descriptions, and pictures."""
