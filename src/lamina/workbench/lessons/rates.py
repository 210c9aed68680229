"""Lessons on training: learning rate, momentum, batch size, feature scaling, dead units."""

from __future__ import annotations

from lamina.workbench.data.plain import Message
from lamina.workbench.lessons.conditions import Result, Setting
from lamina.workbench.lessons.lesson import Lesson, LessonStep

SUBJECT = "Training"
RATE = "Learning rate"
VIEWS = {"below": "Loss", "plane": "Decision", "centre": "Network"}


def _plain_descent(**model: object) -> Message:
    """Return two moons, trained by gradient descent without momentum."""
    parameters = {"hidden_layer_sizes": [6, 4], "solver": "sgd", "momentum": 0.0, **model}
    return {"data": {"kind": "made", "name": "moons"}, "model": parameters}


LEARNING_RATE = Lesson(
    name="learning_rate",
    title="The learning rate",
    subject=SUBJECT,
    about="The gradient gives the direction of a step, and is only valid nearby. The learning rate "
    "η sets its length. If it is too small, training takes forever; if it is too large, each step "
    "increases the loss. For a quadratic loss of curvature λ, steps reduce it only if η < 2/λ.",
    equation="w ← w − η ∂L/∂w",
    paper="Cauchy 1847; Robbins and Monro 1951.",
    state=_plain_descent(learning_rate_init=0.0001),
    opens=VIEWS,
    steps=(
        LessonStep(
            question="The learning rate is 0.0001. The loss starts at about 0.7: how far will it "
            "fall in 100 epochs?",
            choices=("below 0.1", "hardly at all", "it will rise"),
            answer=1,
            task="Press Play, and train for 100 epochs.",
            control="play",
            waits_for=(Result("epoch", at_least=100),),
            explanation="The loss falls smoothly, but so slowly that the decision boundary has "
            "hardly moved: 2,500 tiny steps in the right direction.",
            change={},
            holds=(Result("loss", at_least=0.5),),
        ),
        LessonStep(
            question="And with a rate of 0.3, three thousand times as large?",
            choices=("it learns the moons", "the loss jumps", "no difference"),
            answer=0,
            task="Set Learning rate to 0.3, and train.",
            control="learning_rate_init",
            waits_for=(
                Setting("learning_rate_init", RATE, at_least=0.1, at_most=1.0),
                Result("loss", at_most=0.2, within=200),
            ),
            explanation="Steps are now about as long as possible: the loss falls within a few "
            "epochs, pauses while the boundary is still straight, and falls again as it curves.",
            change={"model": {"learning_rate_init": 0.3}},
        ),
        LessonStep(
            question="Will a rate of 30 be even faster?",
            choices=("yes", "equally fast", "no: it will not learn"),
            answer=2,
            task="Set Learning rate to 30, and train for 60 epochs.",
            control="learning_rate_init",
            waits_for=(
                Setting("learning_rate_init", RATE, at_least=10.0),
                Result("epoch", at_least=60),
            ),
            explanation="Each step overshoots the minimum and ends higher on the other side. The "
            "loss is worse than guessing, ln 2 ≈ 0.693, and does not fall. The best rate is often "
            "a little below the one at which this starts.",
            change={"model": {"learning_rate_init": 30.0}},
            holds=(Result("loss", at_least=0.693),),
        ),
    ),
)
MOMENTUM = Lesson(
    name="momentum",
    title="Momentum",
    subject=SUBJECT,
    about="With momentum, each step is the previous one, slightly shortened, plus a gradient step. "
    "Where gradients agree, steps grow up to 1/(1 − μ) times longer; where they alternate, they "
    "cancel. This speeds up progress along flat directions and damps oscillations.",
    equation="v ← μ v − η ∂L/∂w,   w ← w + v",
    paper="Polyak 1964; Sutskever, Martens, Dahl and Hinton 2013.",
    state=_plain_descent(learning_rate_init=0.01),
    opens=VIEWS,
    steps=(
        LessonStep(
            question="Gradient descent without momentum, at a rate of 0.01. Will the boundary "
            "curve around the moons within 150 epochs?",
            choices=("yes", "no, it stays nearly straight"),
            answer=1,
            task="Press Play, and train for 150 epochs.",
            control="play",
            waits_for=(Result("epoch", at_least=150),),
            explanation="The loss quickly reaches about 0.33, the best value for a straight "
            "boundary. Then it moves along a plateau with small gradients in a constant direction.",
            change={},
            holds=(Result("loss", at_least=0.22),),
        ),
        LessonStep(
            question="With a momentum of 0.9, how much longer can steps become on such a plateau?",
            choices=("1.9 times", "up to 10 times", "without limit"),
            answer=1,
            task="Under All settings, Steps, set momentum to 0.9, and train.",
            control="momentum",
            waits_for=(
                Setting("momentum", "momentum", at_least=0.85),
                Result("loss", at_most=0.2, within=150),
            ),
            explanation="1/(1 − 0.9) = 10: the network leaves the plateau in a tenth of the time, "
            "and the boundary curves. The learning rate is unchanged.",
            change={"model": {"momentum": 0.9}},
        ),
    ),
)
BATCH_SIZE = Lesson(
    name="batch_size",
    title="The batch size",
    subject=SUBJECT,
    about="The gradient over all rows is exact, but one step costs a whole epoch. The gradient "
    "over a few rows is an estimate, whose error only falls with the square root of their number: "
    "small batches allow many more steps at the price of some noise.",
    equation="standard deviation of a batch’s gradient = σ / √(batch size)",
    paper="Robbins and Monro 1951; Bottou, Curtis and Nocedal 2018.",
    state=_plain_descent(learning_rate_init=0.3, batch_size=250),
    opens=VIEWS,
    steps=(
        LessonStep(
            question="All 250 rows in one batch. How will the curve of the training loss look?",
            choices=("smooth, and slow", "smooth, and fast", "jagged"),
            answer=0,
            task="Press Play, and train for 150 epochs.",
            control="play",
            waits_for=(Result("epoch", at_least=150),),
            explanation="Every step uses the exact gradient, and the loss never rises. But an "
            "epoch is only one step: after 150 of them, the boundary is still straight.",
            change={},
            holds=(Result("fraction_of_rises", at_most=0.1), Result("loss", at_least=0.22)),
        ),
        LessonStep(
            question="And with one row per step, 250 steps per epoch, at the same rate?",
            choices=("as smooth, and faster", "faster, but it never settles", "slower"),
            answer=1,
            task="Set Batch size to 1, and train for 100 epochs.",
            control="batch_size",
            waits_for=(
                Setting("batch_size", "Batch size", at_most=2),
                Result("epoch", at_least=100),
            ),
            explanation="Each step uses the gradient of a single row. Together the steps find the "
            "moons, but their noise prevents convergence: the loss rises nearly as often as it "
            "falls.",
            change={"model": {"batch_size": 1}},
            holds=(Result("fraction_of_rises", at_least=0.3),),
        ),
        LessonStep(
            question="Between the two, with 10 rows: what will be better?",
            choices=("the noise only", "the speed only", "less noise than 1, faster than 250"),
            answer=2,
            task="Set Batch size to 10, and train.",
            control="batch_size",
            waits_for=(
                Setting("batch_size", "Batch size", at_least=5, at_most=50),
                Result("loss", at_most=0.15, within=200),
            ),
            explanation="25 steps per epoch, each with a third of the noise (1/√10). The loss gets "
            "lower than with either. A larger batch allows a larger learning rate.",
            change={"model": {"batch_size": 10}},
        ),
    ),
)
FEATURE_SCALING = Lesson(
    name="feature_scaling",
    title="Feature scaling",
    subject=SUBJECT,
    about="Initial weights are drawn for inputs of about 1. A column with values in the thousands "
    "dominates the others, saturates the units, where their derivative is nearly 0, and makes the "
    "loss ill-conditioned. Standardising gives every column mean 0 and standard deviation 1.",
    equation="x ← (x − mean) / standard deviation",
    paper="LeCun, Bottou, Orr and Müller 1998: Efficient BackProp.",
    state={
        "data": {"kind": "known", "name": "wine"},
        "scaled": False,
        "model": {"hidden_layer_sizes": [8], "activation": "tanh", "max_iter": 10_000},
    },
    opens=VIEWS,
    steps=(
        LessonStep(
            question="Wines of three growers, described by thirteen measurements, among them "
            "proline, in the hundreds, and hue, about 1. Without scaling, how many of the test "
            "wines will be classified correctly?",
            choices=("nearly all", "two of three at best", "none"),
            answer=1,
            task="Press Play, and train for 100 epochs.",
            control="play",
            waits_for=(Result("epoch", at_least=100),),
            explanation="Proline alone dominates: it drives every tanh to −1 or 1, and saturated "
            "units do not learn. Notes shows a warning and offers a cure.",
            change={},
            holds=(Result("accuracy", at_most=0.85),),
        ),
        LessonStep(
            question="And with every column standardised, and nothing else changed?",
            choices=("a little better", "nearly all correct", "worse"),
            answer=1,
            task="Under Data, tick Standardised, and train.",
            control="scaled",
            waits_for=(
                Setting("scaled", "Standardised", one_of=(True,)),
                Result("accuracy", at_least=0.95, within=100),
            ),
            explanation="All thirteen measurements now have the same scale, and a few epochs are "
            "enough. Mean and standard deviation come from the training rows only: no information "
            "from the test rows may enter training.",
            change={"scaled": True},
        ),
    ),
)
DEAD_RELUS = Lesson(
    name="dead_relus",
    title="Dead units",
    subject=SUBJECT,
    about="A ReLU outputs 0 for every z below 0, and its derivative there is 0, too. One step that "
    "is too long can make z negative for every row: the unit then has no gradient any more, and "
    "never recovers.",
    equation="relu(z) = max(0, z),   relu′(z) = 0 for z < 0",
    paper="Maas, Hannun and Ng 2013; Lu, Shin, Su and Karniadakis 2020.",
    state=_plain_descent(learning_rate_init=3.0, hidden_layer_sizes=[8, 8], activation="relu"),
    opens=VIEWS,
    steps=(
        LessonStep(
            question="ReLUs, and a learning rate of 3. What will happen to the units?",
            choices=("they learn fast", "they oscillate", "many die for good"),
            answer=2,
            task="Press Play, and train for 60 epochs.",
            control="play",
            waits_for=(Result("epoch", at_least=60),),
            explanation="A map of a single colour is a unit that outputs 0 everywhere. If a whole "
            "layer is dead, the prediction is the same at every point. Notes shows how many units "
            "are dead.",
            change={},
            holds=(Result("dead", at_least=0.4), Result("accuracy", at_most=0.75)),
        ),
        LessonStep(
            question="The same ReLUs with a rate of 0.1?",
            choices=("they learn the moons", "they die later", "they learn nothing"),
            answer=0,
            task="Set Learning rate to 0.1, and train.",
            control="learning_rate_init",
            waits_for=(
                Setting("learning_rate_init", RATE, at_most=0.3),
                Result("accuracy", at_least=0.95, within=200),
                Result("dead", at_most=0.35),
            ),
            explanation="No step is long enough to make z negative for every row. Leaky ReLUs, "
            "whose derivative below 0 is 0.01, can recover by themselves.",
            change={"model": {"learning_rate_init": 0.1}},
        ),
    ),
)
OF_RATES = (LEARNING_RATE, MOMENTUM, BATCH_SIZE, FEATURE_SCALING, DEAD_RELUS)
