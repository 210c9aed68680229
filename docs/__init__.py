"""The site: pages, and the generators of their tables, descriptions and pictures."""
