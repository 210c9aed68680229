"""Networks with three layers on scaled numbers, for smooth targets and many related columns."""

from dataclasses import replace

from lamina.tabular.recipes.recipe import Recipe

DEEP = Recipe(
    "deep",
    n_bins=1,
    epochs=120,
    network={
        "hidden_layer_sizes": (256, 256, 256),
        "activation": "mish",
        "solver": "adamw",
        "learning_rate": "one_cycle",
        "learning_rate_init": 3e-3,
        "weight_decay": 0.02,
        "alpha": 0.0,
        "dropout": 0.15,
        "dtype": "float32",
    },
)
DEEP_BINNED = Recipe(
    "deep, binned", n_bins=32, epochs=100, network={**DEEP.network, "dropout": 0.2}
)
WIDE = Recipe(
    "wide",
    n_bins=1,
    epochs=60,
    network={**DEEP.network, "hidden_layer_sizes": (512, 512), "dropout": 0.3},
)
DEEP_TEXTS = replace(DEEP, name="deep, texts", uses_texts=True)
