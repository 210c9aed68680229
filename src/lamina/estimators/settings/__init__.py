"""Parameters of the estimators: allowed values, contradictions, and the settings of a fit."""
