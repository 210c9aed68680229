"""Short texts as a few numbers: weighted hashed n-grams of characters, projected by a truncated
SVD.

Texts that share parts of words ("Office Manager", "office mgr.") get similar numbers, and so does a
new text that resembles a known one. Shapes: texts (n_samples,), n-grams (n_texts, n_used) CSR,
components (n_components, n_used) float32.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from lamina.files.model_file import Json
from lamina.formulas.table import AnyArray

N_HASHES, N_GRAMS = 4096, (2, 4)
# Longer texts are truncated; with more texts, the SVD is fitted on a sample.
MOST_CHARACTERS, MOST_TEXTS, TEXTS_AT_ONCE = 500, 20_000, 10_000
# Columns of fewer texts are only one-hot encoded, and so are codes, which share no words.
LEAST_TEXTS, LEAST_REPEATING, MOST_COMMON = 40, 0.3, 0.9
_WORD = re.compile(r"[^\W\d_]{3,}")

Texts = AnyArray


@dataclass(frozen=True)
class TextComponents:
    """Hashes, weights and singular vectors of the texts of a column.

    Attributes
    ----------
    places : ndarray of int64, shape (n_used,)
        Hashes that occur in training.
    weights : ndarray of float64, shape (n_used,)
        Inverse document frequencies.
    components : ndarray of float32, shape (n_components, n_used)
    mean : ndarray of float64, shape (n_components,)
    scale : float
        Standard deviation of the first direction. All directions are divided by it, so that later
        directions, which are mostly noise, remain small.
    """

    places: NDArray[np.int64]
    weights: NDArray[np.float64]
    components: NDArray[np.float32]
    mean: NDArray[np.float64]
    scale: float

    @property
    def width(self) -> int:
        """Number of columns."""
        return len(self.components)

    @classmethod
    def fit(cls, texts: Texts, n_components: int) -> TextComponents | None:
        """Fit the components; return None if the texts have fewer than two distinct n-grams.

        Parameters
        ----------
        texts : object array of shape (n_samples,)
            None where missing.
        n_components : int
            Maximum number of components.
        """
        # Slow imports that few tables need.
        from sklearn.decomposition import TruncatedSVD
        from threadpoolctl import threadpool_limits

        distinct = sorted({text for text in texts.tolist() if text is not None})
        part = distinct[:: -(-len(distinct) // MOST_TEXTS)] if distinct else []
        counts = _hashed(part)
        occurrences = np.bincount(counts.indices, minlength=N_HASHES)
        places = np.flatnonzero(occurrences)
        n_components = min(n_components, len(places) - 1, len(part) - 1)
        if n_components < 1:
            return None
        weights = np.log((1 + len(part)) / (1 + occurrences[places])) + 1
        # Use one thread, because the number of threads changes the last bits of sums.
        with threadpool_limits(limits=1):
            svd = TruncatedSVD(n_components, random_state=0)
            svd.fit(_weighted(counts, places, weights))
        components = np.ascontiguousarray(svd.components_, dtype=np.float32)
        found = cls(places, weights, components, np.zeros(n_components), 1.0)
        values = found.columns(texts)[[text is not None for text in texts.tolist()]]
        std = float(values.std(axis=0).max())
        return cls(places, weights, components, values.mean(axis=0), std if std > 0 else 1.0)

    def columns(self, texts: Texts) -> NDArray[np.float64]:
        """Return the columns, shape (n_samples, n_components); 0 for a missing text."""
        places: dict[str | None, int] = {}
        codes = np.array([places.setdefault(text, len(places)) for text in texts.tolist()])
        distinct = list(places)
        values = np.empty((len(distinct), self.width))
        for start in range(0, len(distinct), TEXTS_AT_ONCE):
            part = distinct[start : start + TEXTS_AT_ONCE]
            counts = _hashed([text or "" for text in part])
            values[start : start + len(part)] = _weighted(
                counts, self.places, self.weights
            ) @ self.components.T.astype(np.float64)
        values = (values - self.mean) / self.scale
        if None in places:
            values[places[None]] = 0.0
        return np.asarray(values[codes])

    def to_plain(self) -> dict[str, Json]:
        """Return the fitted arrays for `from_plain`."""
        return {name: getattr(self, name) for name in self.__dataclass_fields__}

    @classmethod
    def from_plain(cls, plain: Mapping[str, Json]) -> TextComponents:
        """Restore the components from `to_plain`; raise ValueError for anything else."""
        found = cls(**plain)
        n_components, n_used = found.components.shape
        shapes = [found.places.shape, found.weights.shape, found.mean.shape]
        if shapes != [(n_used,), (n_used,), (n_components,)]:
            raise ValueError(f"the arrays of text components have shapes {shapes}")
        is_sound = (
            found.scale > 0
            and found.places.dtype.kind == "i"
            and n_used > 0
            and bool(((found.places >= 0) & (found.places < N_HASHES)).all())
        )
        if not is_sound:
            raise ValueError("text components cannot have these hashes or this scale")
        return found


def fit_text_components(
    texts: Mapping[str, Texts], types: Mapping[str, str] | None, n_components: int
) -> dict[str, TextComponents]:
    """Return the components of each column of short texts, by name.

    Parameters
    ----------
    texts : mapping of str to object array of shape (n_samples,)
        Categorical columns; None where missing.
    types : mapping of str to {'number', 'date', 'category', 'text'}, optional
        A column of type 'text' always has components, one of type 'category' never.
    n_components : int
        0 for none.
    """
    fitted = {}
    for name, values in texts.items():
        chosen = (types or {}).get(name)
        if n_components and chosen != "category" and (chosen == "text" or repeats_words(values)):
            components = TextComponents.fit(values, n_components)
            if components is not None:
                fitted[name] = components
    return fitted


def repeats_words(texts: Texts) -> bool:
    """Return True if there are many distinct texts and enough of them share words.

    Examples
    --------
    >>> titles = [f"{rank} {field}" for rank in ("senior", "junior") for field in "abcdefg" * 4]
    >>> repeats_words(np.array([f"{t} engineer {i}" for i, t in enumerate(titles)], dtype=object))
    True
    >>> repeats_words(np.array([f"N{i}" for i in range(100)], dtype=object))
    False
    """
    distinct = sorted({text for text in texts.tolist() if text is not None})
    if len(distinct) <= LEAST_TEXTS:
        return False
    part = distinct[:: -(-len(distinct) // MOST_TEXTS)]
    words = [set(_WORD.findall(text[:MOST_CHARACTERS].lower())) for text in part]
    counts = Counter(word for found in words for word in found)
    # A word of nearly all texts, as in 'customer 17', is as uninformative as one that occurs once.
    telling = {word for word, count in counts.items() if 1 < count <= MOST_COMMON * len(words)}
    return float(np.mean([bool(found & telling) for found in words])) >= LEAST_REPEATING


def _hashed(texts: list[str]) -> sparse.csr_matrix:
    """Return the counts of each text's n-grams, by hash."""
    from sklearn.feature_extraction.text import HashingVectorizer

    vectorizer = HashingVectorizer(
        analyzer="char_wb",
        ngram_range=N_GRAMS,
        n_features=N_HASHES,
        alternate_sign=False,
        norm=None,
    )
    if not texts:
        return sparse.csr_matrix((0, N_HASHES))
    return vectorizer.transform([text[:MOST_CHARACTERS] for text in texts])


def _weighted(
    counts: sparse.csr_matrix, places: NDArray[np.int64], weights: NDArray[np.float64]
) -> sparse.csr_matrix:
    """Return tf-idf rows of norm 1, shape (n_texts, n_used)."""
    from sklearn.preprocessing import normalize

    used = sparse.csr_matrix(counts[:, places])
    used.data = (1 + np.log(used.data)) * weights[used.indices]
    return normalize(used)
