"""Sources of batches, one file for each kind of table that `lamina.tables.open` opens."""
