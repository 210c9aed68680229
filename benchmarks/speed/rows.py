"""The training data of the cases: real data, or random data from a seed."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

from lamina import datasets

SEED = 42

# X in float64, dense or CSR, and y: class codes or values.
Data: TypeAlias = tuple[Any, NDArray[Any]]


def circles() -> Data:
    """Return 800 points on two nested circles."""
    data = datasets.load("circles")
    return data.X[:800], data.y[:800]


def moons() -> Data:
    """Return 700 points on two half-moons."""
    data = datasets.load("moons")
    return StandardScaler().fit_transform(data.X[:700]), data.y[:700]


def iris() -> Data:
    """Return 120 of the 150 irises."""
    data = datasets.load("iris")
    X, _, y, _ = train_test_split(
        data.X, data.y, train_size=120, random_state=SEED, stratify=data.y
    )
    return StandardScaler().fit_transform(X), y


def digits() -> Data:
    """Return three quarters of the handwritten digits of 8 × 8 pixels."""
    data = datasets.load("digits")
    X, _, y, _ = train_test_split(data.X, data.y, random_state=SEED, stratify=data.y)
    return StandardScaler().fit_transform(X), y


def california() -> Data:
    """Return four fifths of the Californian districts."""
    data = datasets.load("california_housing")
    X, _, y, _ = train_test_split(data.X, data.y, test_size=0.2, random_state=SEED)
    return StandardScaler().fit_transform(X), y


def mnist_8000() -> Data:
    """Return 8,000 samples of MNIST, pixels from 0 to 1."""
    X, _, y, _ = mnist_split()
    return X, y


def mnist_split() -> tuple[NDArray[Any], NDArray[Any], NDArray[Any], NDArray[Any]]:
    """Return training X, held-out X, and y of both: 8,000 and 2,000 samples of MNIST."""
    data = datasets.load("mnist")
    X, _, y, _ = train_test_split(
        data.X, data.y, train_size=10_000, stratify=data.y, random_state=SEED
    )
    X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.2, random_state=SEED)
    return X_train / 255, X_test / 255, y_train, y_test


def wide() -> Data:
    """Return 8,192 samples of 256 normal numbers in 10 classes by a random linear map."""
    random_state = np.random.RandomState(SEED)
    X = random_state.standard_normal((8192, 256))
    return X, (X @ random_state.standard_normal((256, 10))).argmax(axis=1)


def linear_classes(n_samples: int, n_features: int) -> Data:
    """Return normal numbers, and the sign of a linear map of them with noise as two classes."""
    X, y = plain(n_samples, n_features)
    return X, (y > 0).astype(np.int64)


def text() -> Data:
    """Return 20,000 documents of 50 words out of 50,000, in two classes, as a CSR matrix.

    The frequencies of words follow Zipf's law, and each word is more frequent in one class.
    """
    n_documents, n_words, length = 20_000, 50_000, 50
    random_state = np.random.RandomState(SEED)
    frequency = 1 / np.arange(10, n_words + 10)
    drawn = random_state.choice(n_words, size=n_documents * length, p=frequency / frequency.sum())
    documents = np.repeat(np.arange(n_documents), length)
    X = sparse.csr_matrix((np.ones(len(drawn)), (documents, drawn)), (n_documents, n_words))
    X.data = 1 + np.log(X.data)
    leaning = X @ random_state.standard_normal(n_words)
    return X, (leaning > np.median(leaning)).astype(np.int64)


def plain(n_samples: int, n_features: int) -> Data:
    """Return normal numbers, and a linear map of them with noise as the target."""
    random_state = np.random.RandomState(SEED)
    X = random_state.standard_normal((n_samples, n_features))
    return X, X @ random_state.standard_normal(n_features) + random_state.standard_normal(n_samples)
