"""Commands on tables larger than memory, which are read, encoded and predicted in batches."""
