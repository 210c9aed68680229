"""Networks with the settings of RealMLP-TD, on periodic embeddings of numbers.

Holzmüller, Grinsztajn, Steinwart, "Better by default: strong pre-tuned MLPs and boosted trees on
tabular data", 2024. Without its label smoothing, which raises the log loss and lowers the area
under the ROC curve.
"""

from lamina.inputs import Periodic, Scaled
from lamina.tabular.recipes.recipe import Recipe

REALMLP = Recipe(
    "realmlp",
    n_bins=1,
    epochs=256,
    network={
        "hidden_layer_sizes": (256, 256, 256),
        "activation": "selu",
        "blended_activation": True,
        "parametrization": "ntk",
        "initializer": "data",
        "solver": "adamw",
        "beta_1": 0.9,
        "beta_2": 0.95,
        "learning_rate": "coslog4",
        "learning_rate_init": 0.04,
        "rate_factors": {"scale": 6.0, "bias": 0.1, "embedding": 0.1, "activation": 0.1},
        "weight_decay": 0.02,
        "weight_decay_schedule": "flat_cos",
        "alpha": 0.0,
        "dropout": 0.15,
        "dropout_schedule": "flat_cos",
        "restore_best": "last_of_ties",
        "dtype": "float32",
    },
    regression={"activation": "mish", "learning_rate_init": 0.2},
    embedding=Periodic(n_frequencies=16, n_outputs=3, sigma=0.1),
    other_inputs=Scaled(),
    batch_sizes={0: 256},
)
