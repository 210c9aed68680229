"""Lessons on generalisation: overfitting, dropout, early stopping and sparsity."""

from __future__ import annotations

from lamina.workbench.data.plain import Message
from lamina.workbench.lessons.conditions import Result, Setting
from lamina.workbench.lessons.lesson import Lesson, LessonStep

SUBJECT = "Generalisation"
VIEWS = {"below": "Loss", "plane": "Decision", "centre": "Network"}


def _few_noisy_rows(**model: object) -> Message:
    """Return 30 training rows of xor, some mislabelled, and far more units than they need."""
    return {
        "data": {"kind": "made", "name": "xor", "n_samples": 60, "noise": 0.3},
        "model": {"hidden_layer_sizes": [64], "activation": "relu", **model},
    }


DROPOUT = Lesson(
    name="dropout",
    title="Overfitting and dropout",
    subject=SUBJECT,
    about="A network with more weights than training rows can memorise every row, including its "
    "noise. This is visible on the test rows: their loss rises while the training loss still "
    "falls. Dropout sets random units to 0 at every step, so that no unit can rely on another "
    "one.",
    equation="a ← a · m / (1 − p),   m = 0 with probability p, else 1;   for prediction, all units "
    "are used",
    paper="Srivastava, Hinton, Krizhevsky, Sutskever and Salakhutdinov 2014.",
    state=_few_noisy_rows(),
    opens=VIEWS,
    steps=(
        LessonStep(
            question="30 noisy training rows, 64 units, 300 epochs. What will the test loss do?",
            choices=("fall, like the training loss", "fall, then rise", "stay constant"),
            answer=1,
            task="Press Play, and train for 300 epochs.",
            control="play",
            waits_for=(Result("epoch", at_least=300),),
            explanation="It falls for a few dozen epochs, while the network learns the pattern "
            "that all rows share. Then it rises, because the decision boundary grows islands "
            "around single rows.",
            change={},
            holds=(Result("rise", at_least=0.8),),
        ),
        LessonStep(
            question="If dropout removes half of the units at each step, how will the test loss "
            "end?",
            choices=("much lower", "the same", "higher"),
            answer=0,
            task="Under All settings, Network, set dropout to 0.5, and train for 300 epochs.",
            control="dropout",
            waits_for=(
                Setting("dropout", "dropout", at_least=0.3),
                Result("epoch", at_least=300),
                Result("validation_loss", at_most=0.8),
            ),
            explanation="Patterns that only single units have memorised are lost; patterns that "
            "many units share remain. The training loss is higher and jagged, because it is "
            "measured with dropped units. A penalty, and more training rows, also reduce "
            "overfitting.",
            change={"model": {"dropout": 0.5}},
        ),
    ),
)
EARLY_STOPPING = Lesson(
    name="early_stopping",
    title="Early stopping",
    subject=SUBJECT,
    about="The test loss of a large network often falls and then rises. The simplest cure is to "
    "stop where it was best: hold out some rows, score them after every epoch, and stop after a "
    "number of epochs without improvement.",
    equation="stop after n_iter_no_change epochs without a better score on the held-out rows",
    paper="Prechelt 1998: Early stopping, but when?",
    state=_few_noisy_rows(n_iter_no_change=30),
    opens=VIEWS,
    steps=(
        LessonStep(
            question="When will the test loss reach its lowest point?",
            choices=("in the first hundred epochs", "at about 200", "at the end"),
            answer=0,
            task="Press Play, and train for 300 epochs.",
            control="play",
            waits_for=(Result("epoch", at_least=300),),
            explanation="The best network came early, and every later epoch made it worse. Use the "
            "slider below the curves to go back to it.",
            change={},
            holds=(Result("rise", at_least=0.8),),
        ),
        LessonStep(
            question="When will training end by itself, if it stops after 30 epochs without "
            "improvement?",
            choices=("at 300", "soon after the lowest point", "never"),
            answer=1,
            task="Under All settings, When to stop, choose true as early_stopping, and train "
            "again.",
            control="early_stopping",
            waits_for=(
                Setting("early_stopping", "early_stopping", one_of=(True,)),
                Result("ended", at_least=1),
                Result("validation_loss", at_most=0.8),
            ),
            explanation="It ends by itself long before 300, at a far lower test loss; Notes shows "
            "why it ended. The held-out rows have now been used to choose the network, so their "
            "score is too good: a fair test needs rows that played no part in training.",
            change={"model": {"early_stopping": True}},
            holds=(Result("epoch", at_most=200),),
        ),
    ),
)
SPARSITY = Lesson(
    name="sparsity",
    title="Penalties and sparse weights",
    subject=SUBJECT,
    about="A penalty pulls weights towards 0. The squared penalty, L2, pulls small weights only "
    "weakly, and leaves all of them small. The absolute penalty, L1, pulls equally strongly near "
    "0, so that weights which are not needed end there: the network selects its inputs.",
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
        LessonStep(
            question="Circles, and seven inputs, of which x² and y² would be enough. How many "
            "weights will the L2 penalty bring to 0?",
            choices=("all that are not needed", "none", "half of them"),
            answer=1,
            task="Press Play, and train for 150 epochs. Watch the lines from the inputs.",
            control="play",
            waits_for=(Result("epoch", at_least=150),),
            explanation="The lines from x² and y² are strong and the others thin, but none has "
            "disappeared: near 0, L2 hardly pulls.",
            change={},
            holds=(Result("weights_at_nothing", at_most=0.1), Result("accuracy", at_least=0.95)),
        ),
        LessonStep(
            question="And the L1 penalty of the same strength?",
            choices=("most weights become 0", "the same as L2", "the network no longer learns"),
            answer=0,
            task="Choose l1 as Penalty, and train for 150 epochs.",
            control="penalty",
            waits_for=(
                Setting("penalty", "Penalty", none_of=("l2",)),
                Result("epoch", at_least=150),
                Result("weights_at_nothing", at_least=0.5),
                Result("accuracy", at_least=0.95),
            ),
            explanation="Most of the 42 weights are within 0.001 of 0, where the penalty pushes "
            "them from one side to the other; the remaining ones use x² and y². The accuracy is "
            "the same: the other inputs were never needed.",
            change={"model": {"penalty": "l1"}},
        ),
    ),
)
OF_GENERALISING = (DROPOUT, EARLY_STOPPING, SPARSITY)
