"""How accurate models for tables are on real tables: lamina beside boosters and other MLPs."""
