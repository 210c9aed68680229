"""Whether lamina gets the numbers that scikit-learn gets, to the printed digits."""
