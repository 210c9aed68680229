r"""
Text classification
===================

A bag of words represents a text by many thousand numbers, nearly all of them zero. lamina takes
the sparse matrices of scikit-learn's vectorizers and computes with the non-zero values only. The
texts are docstrings of four libraries, and the network predicts the library.
"""

import ast
import re
from importlib.util import find_spec
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.metrics import ConfusionMatrixDisplay
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline

from lamina import MLPClassifier

# %%
# The texts
# ---------
# We read the first paragraph of every docstring from the source files without importing them. We
# remove the libraries' names, which would give the answer away, and texts that have fewer than five
# words or occur in several libraries.

LIBRARIES = ("matplotlib", "numpy", "scipy", "sklearn")
OWN_NAMES = re.compile(r"matplotlib|pyplot|numpy|scipy|sklearn|scikit|\b(np|plt|mpl)\b", re.I)


def definitions(node):
    """Yield the functions and classes of a module, and of its classes."""
    for child in node.body:
        if isinstance(child, ast.FunctionDef | ast.ClassDef):
            yield child
        if isinstance(child, ast.ClassDef):
            yield from definitions(child)


def first_paragraphs(library):
    folder = Path(find_spec(library).origin).parent
    for path in sorted(folder.rglob("*.py")):
        if "tests" not in path.parts:
            for definition in definitions(ast.parse(path.read_bytes())):
                docstring = ast.get_docstring(definition) or ""
                yield OWN_NAMES.sub(" ", docstring.partition("\n\n")[0])


libraries_by_text = {}
for library in LIBRARIES:
    for text in first_paragraphs(library):
        if len(text.split()) >= 5:
            libraries_by_text.setdefault(text, set()).add(library)
unique = {text: found for text, found in libraries_by_text.items() if len(found) == 1}
texts, labels = zip(*((text, *found) for text, found in unique.items()), strict=True)
train_texts, test_texts, y_train, y_test = train_test_split(
    texts, labels, stratify=labels, random_state=0
)
print(f"{len(texts):,} texts, for instance:", texts[0], sep="\n")

# %%
# Sparse matrices
# ---------------
# TF-IDF has a column for each word and each pair of words. A text contains a dozen of them, so one
# in a thousand numbers is not zero. The dense matrix would need most of a gigabyte, the sparse one
# needs one or two megabytes.

vectorizer = TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True)
X_train = vectorizer.fit_transform(train_texts)
dense_megabytes = np.prod(X_train.shape) * 8 / 2**20
sparse_megabytes = (X_train.data.nbytes + X_train.indices.nbytes + X_train.indptr.nbytes) / 2**20
print(f"{X_train.shape[0]:,} rows × {X_train.shape[1]:,} columns")
print(f"{dense_megabytes:.0f} MiB dense, {sparse_megabytes:.1f} MiB sparse")
assert X_train.nnz < 0.002 * np.prod(X_train.shape)

# %%
# The pipeline
# ------------
# The network takes the sparse matrix directly. Many words carry little information, so it would
# overfit the training texts; dropout of one half reduces that.

model = make_pipeline(
    vectorizer,
    MLPClassifier(
        (64,),
        dropout=0.5,
        learning_rate="cosine",
        learning_rate_init=0.003,
        max_iter=15,
        random_state=0,
    ),
)
model.fit(train_texts, y_train)
accuracy = model.score(test_texts, y_test)
_, counts = np.unique(y_test, return_counts=True)
print(f"test accuracy {accuracy:.1%}; the largest class is {max(counts) / len(y_test):.1%}")
assert accuracy > 0.8

# %%
# matplotlib's vocabulary is distinctive. The other libraries build on numpy, so its texts could be
# theirs as well.

ConfusionMatrixDisplay.from_estimator(
    model, test_texts, y_test, normalize="true", values_format=".0%", cmap="Blues", colorbar=False
)

# %%
# The words of each class
# -----------------------
# ``input_gradients`` returns the derivative of each class's logit with respect to each column, for
# each sample. The figure shows the words with the largest mean over some test texts.

network = model[-1]
gradients = network.input_gradients(vectorizer.transform(test_texts[:200])).mean(axis=0)
words = vectorizer.get_feature_names_out()

figure, axes = plt.subplots(1, 4, figsize=(10, 3), layout="constrained", sharex=True)
for ax, library, gradient in zip(axes, network.classes_, gradients, strict=True):
    strongest = np.argsort(gradient)[-8:]
    ax.barh(words[strongest], gradient[strongest])
    ax.set(title=library, xlabel="gradient of the logit")
    ax.spines[["top", "right"]].set_visible(False)

# %%
# New sentences:

for sentence in ("Fit the model to the training data.", "Draw a line between two points."):
    probabilities = model.predict_proba([sentence])[0]
    print(f"{sentence}  {network.classes_[probabilities.argmax()]} ({probabilities.max():.0%})")
assert model.predict(["Fit the model to the training data."]) == "sklearn"
