"""Compare lamina's results with scikit-learn's, to the printed digits."""
