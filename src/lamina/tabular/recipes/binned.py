"""Two layers on piecewise-linear inputs."""

from lamina.tabular.recipes.recipe import Recipe

BINNED = Recipe(
    name="binned",
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
BINNED_SMALL = Recipe(
    name="binned, small",
    n_bins=16,
    network={**BINNED.network, "hidden_layer_sizes": (128, 128), "max_iter": 30},
)
