"""Lessons on rows that were never seen: overfitting, dropout, early stopping, sparsity."""

from __future__ import annotations

from typing import Any

from lamina.workbench.lessons.conditions import Result, Setting
from lamina.workbench.lessons.lesson import Lesson, Step

SUBJECT = "Beyond the rows it learned from"
VIEWS = {"below": "Loss", "plane": "Decision", "centre": "Network"}


def _few_noisy_rows(**model: Any) -> dict[str, Any]:
    """Thirty rows of xor, some on the wrong side, and far more units than they need."""
    return {
        "data": {"kind": "made", "name": "xor", "n_samples": 60, "noise": 0.3},
        "model": {"hidden_layer_sizes": [64], "activation": "relu", **model},
    }


DROPOUT = Lesson(
    name="dropout",
    title="Learning by heart, and dropout",
    subject=SUBJECT,
    about="A network with more weights than rows can learn each row by heart, its errors too. It "
    "shows on rows held out: their loss rises while that of the others still falls. Dropout leaves "
    "out units by chance at every step, so that none can rely on another’s quirk.",
    equation="a ← a · m / (1 − p),   m is 0 with probability p, else 1; in prediction nothing is "
    "left out",
    paper="Srivastava, Hinton, Krizhevsky, Sutskever and Salakhutdinov 2014.",
    state=_few_noisy_rows(),
    opens=VIEWS,
    steps=(
        Step(
            question="30 noisy rows to learn from, 64 units, 300 epochs. What will the test loss "
            "do?",
            choices=("fall, as the training loss", "fall, then rise", "stay where it begins"),
            answer=1,
            task="Press Play, and let it learn for 300 epochs.",
            control="play",
            waits_for=(Result("epoch", at_least=300),),
            explanation="It falls for a few dozen epochs, as long as the network learns what all "
            "rows have in common; then it rises, as the border grows islands around single rows.",
            change={},
            holds=(Result("rise", at_least=0.8),),
        ),
        Step(
            question="With every second unit left out at each step, how will the test loss end?",
            choices=("much lower", "the same", "higher"),
            answer=0,
            task="Under All settings, Network, set dropout to 0.5, and let it learn for "
            "300 epochs.",
            control="dropout",
            waits_for=(
                Setting("dropout", "dropout", at_least=0.3),
                Result("epoch", at_least=300),
                Result("validation_loss", at_most=0.8),
            ),
            explanation="What single units make of single rows is washed out; what many agree on "
            "stays. The training loss is higher, and jagged, as it is taken while units are left "
            "out. A penalty and more rows work against the same ill.",
            change={"model": {"dropout": 0.5}},
        ),
    ),
)
EARLY_STOPPING = Lesson(
    name="early_stopping",
    title="To stop in time",
    subject=SUBJECT,
    about="The test loss of a large network often falls, and then rises. The simplest cure is to "
    "stop where it was best: hold some rows out, look at them after every epoch, and give up "
    "after so many without progress.",
    equation="stop after n_iter_no_change epochs without a better score on rows held out",
    paper="Prechelt 1998: Early stopping, but when?",
    state=_few_noisy_rows(n_iter_no_change=30),
    opens=VIEWS,
    steps=(
        Step(
            question="Look for the lowest point of the test loss. How early will it be?",
            choices=("in the first hundred epochs", "at about 200", "at the end"),
            answer=0,
            task="Press Play, and let it learn for 300 epochs.",
            control="play",
            waits_for=(Result("epoch", at_least=300),),
            explanation="The best network was there early, and all epochs after it have made it "
            "worse. The slider below the curves goes back and shows it.",
            change={},
            holds=(Result("rise", at_least=0.8),),
        ),
        Step(
            question="When will training end by itself, if 30 epochs without progress are enough?",
            choices=("at 300", "soon after the lowest point", "never"),
            answer=1,
            task="Under All settings, When to stop, choose true as early_stopping, and let it "
            "learn.",
            control="early_stopping",
            waits_for=(
                Setting("early_stopping", "early_stopping", one_of=(True,)),
                Result("ended", at_least=1),
                Result("validation_loss", at_most=0.8),
            ),
            explanation="It ends by itself, long before 300, at a far lower test loss. Notes tells "
            "why it ended. What has been chosen by the held-out rows is no longer judged fairly by "
            "them: a true test needs rows that had no say.",
            change={"model": {"early_stopping": True}},
            holds=(Result("epoch", at_most=200),),
        ),
    ),
)
SPARSITY = Lesson(
    name="sparsity",
    title="Weights that vanish",
    subject=SUBJECT,
    about="A penalty pulls weights towards 0. The squared one, L2, pulls less the smaller they "
    "are, and leaves all of them small. The absolute one, L1, pulls as hard near 0 as anywhere, "
    "and what is not needed ends there: the network chooses its inputs.",
    equation="L2: α/2 Σ w²,  gradient α w        L1: α Σ |w|,  gradient α sign(w)",
    paper="Tibshirani 1996; Ng 2004.",
    state={
        "data": {"kind": "made", "name": "circles"},
        "inputs": ["x", "y", "x²", "y²", "xy", "sin πx", "sin πy"],
        "model": {
            "hidden_layer_sizes": [6],
            "activation": "tanh",
            "solver": "sgd",
            "learning_rate_init": 0.03,
            "penalty": "l2",
            "alpha": 0.1,
        },
    },
    opens={"centre": "Network", "plane": "Decision", "below": "Distributions"},
    steps=(
        Step(
            question="Circles, and seven inputs, of which x² and y² would do. How many weights "
            "will the L2 penalty bring to 0?",
            choices=("all that are not needed", "none", "half of them"),
            answer=1,
            task="Press Play, and let it learn for 150 epochs. Watch the lines from the inputs.",
            control="play",
            waits_for=(Result("epoch", at_least=150),),
            explanation="The lines from x² and y² are strong and the others thin, but none is "
            "gone: near 0, L2 hardly pulls.",
            change={},
            holds=(Result("weights_at_nothing", at_most=0.1), Result("accuracy", at_least=0.95)),
        ),
        Step(
            question="And the L1 penalty of the same strength?",
            choices=("most weights vanish", "the same picture", "it no longer learns"),
            answer=0,
            task="Choose l1 as Penalty, and let it learn for 150 epochs.",
            control="penalty",
            waits_for=(
                Setting("penalty", "Penalty", none_of=("l2",)),
                Result("epoch", at_least=150),
                Result("weights_at_nothing", at_least=0.5),
                Result("accuracy", at_least=0.95),
            ),
            explanation="Most of the 42 weights are within a thousandth of 0, where the pull tips "
            "them from one side to the other; what is left asks for x² and y². The accuracy is the "
            "same: the others were never needed.",
            change={"model": {"penalty": "l1"}},
        ),
    ),
)
OF_GENERALISING = (DROPOUT, EARLY_STOPPING, SPARSITY)
