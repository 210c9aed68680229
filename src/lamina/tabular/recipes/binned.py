"""Networks with two layers on numbers encoded by bins, from few to many bins."""

from dataclasses import replace

from lamina.tabular.recipes.recipe import Recipe

_NETWORK = {
    "hidden_layer_sizes": (256, 256),
    "activation": "silu",
    "solver": "adamw",
    "learning_rate": "one_cycle",
    "learning_rate_init": 3e-3,
    "weight_decay": 0.02,
    "alpha": 0.0,
    "dropout": 0.2,
    "dtype": "float32",
}
BINNED = Recipe("binned", n_bins=16, epochs=60, network=_NETWORK)
# For small or noisy tables.
COARSE = Recipe(
    "coarse", n_bins=8, epochs=60, network={**_NETWORK, "dropout": 0.35, "weight_decay": 0.1}
)
# For tables that a network soon memorises.
STRICT = Recipe(
    "strict", n_bins=8, epochs=60, network={**_NETWORK, "dropout": 0.5, "weight_decay": 1.0}
)
# For targets that depend on a number in steps, as prices do.
FINE = Recipe(
    "fine",
    n_bins=48,
    epochs=150,
    network={**_NETWORK, "activation": "mish", "dropout": 0.05, "weight_decay": 0.1},
)
FAST = Recipe("fast", n_bins=24, epochs=50, network=_NETWORK)
COARSE_TEXTS = replace(COARSE, name="coarse, texts", uses_texts=True)
