"""Read tables from files, and define problems of predicting one column from the others."""
