"""Names of the classes of choices, made from the names of the records."""

from __future__ import annotations

# Words that the papers and other libraries do not write with one capital letter.
SPELLINGS = {
    "adamw": "AdamW",
    "celu": "CELU",
    "elasticnet": "ElasticNet",
    "elu": "ELU",
    "gelu": "GELU",
    "invscaling": "InvScaling",
    "lbfgs": "LBFGS",
    "nadam": "NAdam",
    "nll": "NLL",
    "prelu": "PReLU",
    "relu": "ReLU",
    "relu6": "ReLU6",
    "rmsprop": "RMSprop",
    "selu": "SELU",
    "sgd": "SGD",
    "silu": "SiLU",
}


def class_name(record: str) -> str:
    """Return the name of the class of a record.

    Examples
    --------
    >>> [class_name(name) for name in ("adamw", "leaky_relu", "one_cycle")]
    ['AdamW', 'LeakyReLU', 'OneCycle']
    """
    return "".join(SPELLINGS.get(word, word.capitalize()) for word in record.split("_"))
