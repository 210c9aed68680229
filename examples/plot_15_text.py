r"""
Which library says so?
======================

As a bag of words, a text is a row of many thousand numbers, nearly all of them zero. lamina takes
such rows as they come out of scikit-learn's vectorizers, sparse, and works on what is not zero. Our
texts need no download: they are docstrings of four libraries, and the question is which of these
says so.
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
# The first paragraph of every docstring, read from the source files without importing them. The
# libraries' own names are taken out, so as not to give the answer away, and so is what fewer than
# five words or several libraries say.

LIBRARIES = ("matplotlib", "numpy", "scipy", "sklearn")
OWN_NAMES = re.compile(r"matplotlib|pyplot|numpy|scipy|sklearn|scikit|\b(np|plt|mpl)\b", re.I)


def definitions(node):
    """The functions and classes of a module, and of its classes."""
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


said_by = {}
for library in LIBRARIES:
    for text in first_paragraphs(library):
        if len(text.split()) >= 5:
            said_by.setdefault(text, set()).add(library)
texts, labels = zip(*((text, *by) for text, by in said_by.items() if len(by) == 1), strict=True)
train_texts, test_texts, y_train, y_test = train_test_split(
    texts, labels, stratify=labels, random_state=0
)
print(f"{len(texts):,} texts, for instance:", texts[0], sep="\n")

# %%
# Sparse rows
# -----------
# TF-IDF gives each word and each pair of words a column. A text has a dozen of them, so of a
# thousand numbers one is not zero. Kept dense, the matrix would fill most of a gigabyte; kept
# sparse, one or two megabytes.

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
# The network sees the sparse matrix as it is. Words that stand for little are many, and it would
# soon know the training texts by heart: dropout of one half holds it back.

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
print(f"{accuracy:.1%} of the test texts; the commonest library is {max(counts) / len(y_test):.1%}")
assert accuracy > 0.8

# %%
# matplotlib has words of its own. numpy is what the others build on, and what it says, they might
# say as well.

ConfusionMatrixDisplay.from_estimator(
    model, test_texts, y_test, normalize="true", values_format=".0%", cmap="Blues", colorbar=False
)

# %%
# Which words tell?
# -----------------
# ``input_gradients`` says how each class's logit changes with each column, row by row. In the
# mean over some test texts, these are the words that speak for each library most.

network = model[-1]
gradients = network.input_gradients(vectorizer.transform(test_texts[:200])).mean(axis=0)
words = vectorizer.get_feature_names_out()

figure, axes = plt.subplots(1, 4, figsize=(10, 3), layout="constrained", sharex=True)
for ax, library, gradient in zip(axes, network.classes_, gradients, strict=True):
    strongest = np.argsort(gradient)[-8:]
    ax.barh(words[strongest], gradient[strongest])
    ax.set(title=library, xlabel="change of the logit")
    ax.spines[["top", "right"]].set_visible(False)

# %%
# And a sentence of one's own:

for sentence in ("Fit the model to the training data.", "Draw a line between two points."):
    probabilities = model.predict_proba([sentence])[0]
    print(f"{sentence}  {network.classes_[probabilities.argmax()]} ({probabilities.max():.0%})")
assert model.predict(["Fit the model to the training data."]) == "sklearn"
