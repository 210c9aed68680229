"""Lessons on how a network learns: the size of steps, momentum, batches, scales, dead units."""

from __future__ import annotations

from typing import Any

from lamina.workbench.lessons.conditions import Result, Setting
from lamina.workbench.lessons.lesson import Lesson, Step

SUBJECT = "The steps"
RATE = "Learning rate"
VIEWS = {"below": "Loss", "plane": "Decision", "centre": "Network"}


def _plain_descent(**model: Any) -> dict[str, Any]:
    """Two moons, by gradient descent with nothing added to it."""
    parameters = {"hidden_layer_sizes": [6, 4], "solver": "sgd", "momentum": 0.0, **model}
    return {"data": {"kind": "made", "name": "moons"}, "model": parameters}


LEARNING_RATE = Lesson(
    name="learning_rate",
    title="How long a step is",
    subject=SUBJECT,
    about="A gradient tells the direction, and holds near by only. How far to go is the learning "
    "rate η. Too small, and the way takes for ever; too large, and each step lands higher than "
    "it began. On a bowl of curvature λ, steps shrink the error only while η < 2/λ.",
    equation="w ← w − η ∂L/∂w",
    paper="Cauchy 1847; Robbins and Monro 1951.",
    state=_plain_descent(learning_rate_init=0.0001),
    opens=VIEWS,
    steps=(
        Step(
            question="The learning rate is 0.0001. How far will the loss come in 100 epochs, from "
            "about 0.7?",
            choices=("below 0.1", "hardly anywhere", "it will rise"),
            answer=1,
            task="Press Play, and let it learn for 100 epochs.",
            control="play",
            waits_for=(Result("epoch", at_least=100),),
            explanation="The curve goes down smoothly, and so slowly that the border has hardly "
            "moved: 2,500 steps in the right direction, each next to nothing.",
            change={},
            holds=(Result("loss", at_least=0.5),),
        ),
        Step(
            question="And with a rate of 0.3, three thousand times as large?",
            choices=("it learns the moons", "it jumps about", "no difference"),
            answer=0,
            task="Set Learning rate to 0.3, and let it learn.",
            control="learning_rate_init",
            waits_for=(
                Setting("learning_rate_init", RATE, at_least=0.1, at_most=1.0),
                Result("loss", at_most=0.2, within=200),
            ),
            explanation="Steps are now as long as the valley allows: the loss falls within a few "
            "epochs, rests where the border is still straight, and falls again as it bends.",
            change={"model": {"learning_rate_init": 0.3}},
        ),
        Step(
            question="Then 30 should be faster still?",
            choices=("yes", "as fast", "no: it will not learn"),
            answer=2,
            task="Set Learning rate to 30, and let it go for 60 epochs.",
            control="learning_rate_init",
            waits_for=(
                Setting("learning_rate_init", RATE, at_least=10.0),
                Result("epoch", at_least=60),
            ),
            explanation="Each step flies over the valley and lands higher on the other side. The "
            "loss is worse than that of a coin, ln 2 ≈ 0.693, and does not come down. The best "
            "rate is often a little below the one at which this begins.",
            change={"model": {"learning_rate_init": 30.0}},
            holds=(Result("loss", at_least=0.693),),
        ),
    ),
)
MOMENTUM = Lesson(
    name="momentum",
    title="Steps that remember",
    subject=SUBJECT,
    about="With momentum, a step is the last one, a little shortened, and the gradient beside it. "
    "Where gradients agree, steps grow, up to 1/(1 − μ) times; where they turn about, they cancel. "
    "So long valleys are crossed faster, and their walls shake less.",
    equation="v ← μ v − η ∂L/∂w,   w ← w + v",
    paper="Polyak 1964; Sutskever, Martens, Dahl and Hinton 2013.",
    state=_plain_descent(learning_rate_init=0.01),
    opens=VIEWS,
    steps=(
        Step(
            question="Gradient descent without momentum, at a rate of 0.01. Will it bend its "
            "border around the moons in 150 epochs?",
            choices=("yes", "no, it stays nearly straight"),
            answer=1,
            task="Press Play, and let it learn for 150 epochs.",
            control="play",
            waits_for=(Result("epoch", at_least=150),),
            explanation="It is quickly where a straight border can come to, at about 0.33, and "
            "then the loss goes along a plateau on which gradients are small but always the same.",
            change={},
            holds=(Result("loss", at_least=0.22),),
        ),
        Step(
            question="With a momentum of 0.9, by how much can steps grow along such a plateau?",
            choices=("by 1.9 times", "up to 10 times", "without end"),
            answer=1,
            task="Under All settings, Steps, set momentum to 0.9, and let it learn.",
            control="momentum",
            waits_for=(
                Setting("momentum", "momentum", at_least=0.85),
                Result("loss", at_most=0.2, within=150),
            ),
            explanation="1/(1 − 0.9) = 10: the plateau is left behind in a tenth of the time, and "
            "the border bends. The learning rate is what it was.",
            change={"model": {"momentum": 0.9}},
        ),
    ),
)
BATCH_SIZE = Lesson(
    name="batch_size",
    title="Many rough steps or few exact ones",
    subject=SUBJECT,
    about="The gradient over all rows is exact, and costs a whole epoch for one step. That over a "
    "few rows is an estimate: its error falls only with the square root of their number, so that "
    "small batches buy many more steps for a little noise.",
    equation="deviation of a batch’s gradient = σ / √(rows of the batch)",
    paper="Robbins and Monro 1951; Bottou, Curtis and Nocedal 2018.",
    state=_plain_descent(learning_rate_init=0.3, batch_size=250),
    opens=VIEWS,
    steps=(
        Step(
            question="All 250 rows in one batch. How will the curve of the training loss look?",
            choices=("smooth, and slow", "smooth, and fast", "jagged"),
            answer=0,
            task="Press Play, and let it learn for 150 epochs.",
            control="play",
            waits_for=(Result("epoch", at_least=150),),
            explanation="Every step goes down the true gradient, and the curve never rises. But "
            "an epoch is one step: 150 of them have not bent the border.",
            change={},
            holds=(Result("fraction_of_rises", at_most=0.1), Result("loss", at_least=0.22)),
        ),
        Step(
            question="And with one row to a step, 250 steps an epoch, at the same rate?",
            choices=("as smooth, and faster", "faster at first, and never at rest", "slower"),
            answer=1,
            task="Set Batch size to 1, and let it learn for 100 epochs.",
            control="batch_size",
            waits_for=(
                Setting("batch_size", "Batch size", at_most=2),
                Result("epoch", at_least=100),
            ),
            explanation="Each step follows one row’s wish. All together they find the moons, but "
            "the noise does not let the network rest: the loss rises nearly as often as it falls.",
            change={"model": {"batch_size": 1}},
            holds=(Result("fraction_of_rises", at_least=0.3),),
        ),
        Step(
            question="Between the two, with 10 rows: what will be better?",
            choices=("the noise only", "the speed only", "less noise than 1, faster than 250"),
            answer=2,
            task="Set Batch size to 10, and let it learn.",
            control="batch_size",
            waits_for=(
                Setting("batch_size", "Batch size", at_least=5, at_most=50),
                Result("loss", at_most=0.15, within=200),
            ),
            explanation="25 steps an epoch, each with a third of the noise (1/√10). The loss comes "
            "lower than with either. A larger batch bears a larger rate: the two go together.",
            change={"model": {"batch_size": 10}},
        ),
    ),
)
FEATURE_SCALING = Lesson(
    name="feature_scaling",
    title="Inputs of one size",
    subject=SUBJECT,
    about="First weights are drawn for inputs of about 1. One column in the thousands drowns the "
    "others, drives the units to their ends, where they are flat, and makes the loss a narrow "
    "ravine. To standardise is to give every column the mean 0 and the deviation 1.",
    equation="x ← (x − mean) / standard deviation",
    paper="LeCun, Bottou, Orr and Müller 1998: Efficient BackProp.",
    state={
        "data": {"kind": "known", "name": "wine"},
        "scaled": False,
        "model": {"hidden_layer_sizes": [8], "activation": "tanh", "max_iter": 10_000},
    },
    opens=VIEWS,
    steps=(
        Step(
            question="Wines of three growers by thirteen measurements, among them proline, in the "
            "hundreds, and hue, about 1. As they are, how many of the test wines will be told "
            "rightly?",
            choices=("nearly all", "two of three at best", "none"),
            answer=1,
            task="Press Play, and let it learn for 100 epochs.",
            control="play",
            waits_for=(Result("epoch", at_least=100),),
            explanation="Proline decides alone: it drives every tanh to −1 or 1, and flat units do "
            "not learn. Notes says so as well, and offers the cure.",
            change={},
            holds=(Result("accuracy", at_most=0.85),),
        ),
        Step(
            question="With every column standardised, nothing else changed?",
            choices=("a little better", "nearly all are told rightly", "worse"),
            answer=1,
            task="Under Data, tick Standardised, and let it learn.",
            control="scaled",
            waits_for=(
                Setting("scaled", "Standardised", one_of=(True,)),
                Result("accuracy", at_least=0.95, within=100),
            ),
            explanation="The thirteen measurements now speak with one loudness, and a few epochs "
            "suffice. Mean and deviation are those of the training rows: the test rows must not "
            "tell anything.",
            change={"scaled": True},
        ),
    ),
)
DEAD_RELUS = Lesson(
    name="dead_relus",
    title="Units that died",
    subject=SUBJECT,
    about="A ReLU gives 0 for every z below 0, and its derivative there is 0 too. One step that is "
    "too long can carry a unit to where z is negative for every row: no gradient reaches it any "
    "more, and it never comes back.",
    equation="relu(z) = max(0, z),   relu′(z) = 0 for z < 0",
    paper="Maas, Hannun and Ng 2013; Lu, Shin, Su and Karniadakis 2020.",
    state=_plain_descent(learning_rate_init=3.0, hidden_layer_sizes=[8, 8], activation="relu"),
    opens=VIEWS,
    steps=(
        Step(
            question="ReLUs, and a learning rate of 3. What will become of the units?",
            choices=("they learn fast", "they swing to and fro", "many fall silent for good"),
            answer=2,
            task="Press Play, and let it learn for 60 epochs.",
            control="play",
            waits_for=(Result("epoch", at_least=60),),
            explanation="Maps of one colour are units that say 0 everywhere. With a whole layer "
            "silent, the network says the same of every point. Notes tells how many are dead.",
            change={},
            holds=(Result("dead", at_least=0.4), Result("accuracy", at_most=0.75)),
        ),
        Step(
            question="The same ReLUs with a rate of 0.1?",
            choices=("they live, and learn the moons", "they die later", "they learn nothing"),
            answer=0,
            task="Set Learning rate to 0.1, and let it learn.",
            control="learning_rate_init",
            waits_for=(
                Setting("learning_rate_init", RATE, at_most=0.3),
                Result("accuracy", at_least=0.95, within=200),
                Result("dead", at_most=0.35),
            ),
            explanation="No step is long enough to throw units out of the data’s reach. Leaky "
            "ReLUs, whose slope below 0 is 0.01, could come back by themselves.",
            change={"model": {"learning_rate_init": 0.1}},
        ),
    ),
)
OF_RATES = (LEARNING_RATE, MOMENTUM, BATCH_SIZE, FEATURE_SCALING, DEAD_RELUS)
