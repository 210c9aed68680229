"""'balanced': eight networks of two layers on piecewise-linear inputs."""

from lamina.tabular.recipes.recipe import Recipe

BALANCED = Recipe(
    name="balanced",
    n_folds=8,
    n_bins=16,
    network={
        "hidden_layer_sizes": (256, 256),
        "activation": "silu",
        "solver": "adamw",
        "learning_rate": "one_cycle",
        "learning_rate_init": 3e-3,
        "weight_decay": 0.02,
        "alpha": 0.0,
        "dropout": 0.2,
        "batch_size": 128,
        "max_iter": 60,
        "dtype": "float32",
    },
)
