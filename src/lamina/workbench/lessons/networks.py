"""Lessons on what a network can say: bends, depth, first weights, several classes."""

from __future__ import annotations

from lamina.workbench.lessons.conditions import Result, Setting
from lamina.workbench.lessons.lesson import Lesson, Step

SUBJECT = "The network"
LINEAR_COLLAPSE = Lesson(
    name="linear_collapse",
    title="Depth without a bend",
    subject=SUBJECT,
    about="A layer multiplies and adds. Two such layers after one another multiply and add once "
    "more, and no depth changes that: without a bend between them, any number of layers draws one "
    "straight border. What bends is the activation.",
    equation="(x W₁ + b₁) W₂ + b₂ = x (W₁ W₂) + (b₁ W₂ + b₂)",
    paper="Cybenko 1989: with a bend, one hidden layer comes as near as one likes to any "
    "continuous function.",
    state={
        "data": {"kind": "made", "name": "moons"},
        "model": {"hidden_layer_sizes": [6, 4], "activation": "identity"},
    },
    opens={"plane": "Decision", "below": "Loss", "centre": "Network"},
    steps=(
        Step(
            question="Each moon reaches into the other. Ten units in two hidden layers, all with "
            "the activation identity: what border will they draw?",
            choices=("a curve between the moons", "one corner for each unit", "a straight line"),
            answer=2,
            task="Press Play, and let it learn for 60 epochs.",
            control="play",
            waits_for=(Result("epoch", at_least=60),),
            explanation="Each unit’s map in the network is a plane, and planes added up are "
            "a plane: one straight line, with the tip of each moon on the wrong side.",
            change={},
            holds=(Result("accuracy", at_least=0.8), Result("accuracy", at_most=0.92)),
        ),
        Step(
            question="Would another layer help?",
            choices=("yes, a little", "no", "only with more units in it"),
            answer=1,
            task="Press + beside “2 hidden layers”, then let it learn for 60 epochs.",
            control="layers",
            waits_for=(Result("hidden_layers", at_least=3), Result("epoch", at_least=60)),
            explanation="A product of three matrices is a matrix. The layer has made the network "
            "deeper, and what it can say is the same.",
            change={"model": {"hidden_layer_sizes": [6, 4, 4]}},
            holds=(Result("accuracy", at_least=0.8), Result("accuracy", at_most=0.92)),
        ),
        Step(
            question="Now a bend: what border can the same units draw with tanh?",
            choices=("a curve between the moons", "two straight lines", "still a straight line"),
            answer=0,
            task="Choose tanh as Activation, and let it learn.",
            control="activation",
            waits_for=(
                Setting("activation", "Activation", none_of=("identity",)),
                Result("accuracy", at_least=0.95, within=200),
            ),
            explanation="Every unit now bends its plane, and sums of bent planes follow both "
            "moons. Only the activation has changed.",
            change={"model": {"activation": "tanh"}},
        ),
    ),
)
VANISHING_GRADIENTS = Lesson(
    name="vanishing_gradients",
    title="Ten layers, and no gradient arrives",
    subject=SUBJECT,
    about="What the first layer learns from has come back through all layers above it, and each "
    "has multiplied it by the derivative of its activation. The sigmoid’s derivative is at most ¼; "
    "ten of them leave a millionth.",
    equation="delta_l = (delta_{l+1} W_{l+1}ᵀ) · f′(z_l),   σ′(z) ≤ ¼,   (¼)¹⁰ ≈ 10⁻⁶",
    paper="Hochreiter 1991; Bengio, Simard and Frasconi 1994; Glorot and Bengio 2010.",
    state={
        "data": {"kind": "made", "name": "moons"},
        "model": {
            "hidden_layer_sizes": [6] * 10,
            "activation": "logistic",
            "learning_rate_init": 0.003,
        },
    },
    opens={"below": "Distributions", "plane": "Decision", "centre": "Network"},
    steps=(
        Step(
            question="Two layers learn these moons within seconds. What will ten layers of "
            "sigmoids (logistic) make of them in 100 epochs?",
            choices=("a better border", "the same border, later", "no border at all"),
            answer=2,
            task="Choose Gradients in Distributions, below; press Play, and let it learn for 100 "
            "epochs.",
            control="play",
            waits_for=(Result("epoch", at_least=100),),
            explanation="The loss stays at ln 2 ≈ 0.693, that of a coin. The gradients of the "
            "first layers are so small beside the last one’s that nothing below learns, and what "
            "does not pass upwards cannot be told apart there.",
            change={},
            holds=(Result("accuracy", at_most=0.75), Result("gradient_ratio", at_most=1e-3)),
        ),
        Step(
            question="The derivative of tanh is 1 at the origin. Will ten layers of it learn?",
            choices=("no, ten layers are too deep", "yes", "yes, in ten times the epochs"),
            answer=1,
            task="Choose tanh as Activation, and let it learn.",
            control="activation",
            waits_for=(
                Setting("activation", "Activation", none_of=("logistic",)),
                Result("accuracy", at_least=0.93, within=200),
            ),
            explanation="With derivatives about 1, and first weights that keep the size of what "
            "passes (Glorot’s), the first layer’s gradients are as large as the last one’s. "
            "Residual connections and normalization, under All settings, are other ways to the "
            "same end.",
            change={"model": {"activation": "tanh"}},
            holds=(Result("gradient_ratio", at_least=0.01),),
        ),
    ),
)
SYMMETRY = Lesson(
    name="symmetry",
    title="Units that begin alike stay alike",
    subject=SUBJECT,
    about="Two units of a layer with the same weights compute the same, get the same gradient, and "
    "take the same step. Nothing in training ever parts them: chance has to, before it begins.",
    equation="w₁ = w₂ and v₁ = v₂   ⇒   ∂L/∂w₁ = ∂L/∂w₂,  and they are equal after the step",
    paper="Rumelhart, Hinton and Williams 1986, who called it breaking the symmetry.",
    state={
        "data": {"kind": "made", "name": "moons"},
        "model": {
            "hidden_layer_sizes": [6],
            "activation": "logistic",
            "initializer": "zeros",
            "learning_rate_init": 0.1,
        },
    },
    opens={"centre": "Network", "plane": "Decision", "below": "Loss"},
    steps=(
        Step(
            question="All first weights of these six units are zero. How many different units "
            "will there be after 100 epochs?",
            choices=("one, six times", "six", "it will not learn at all"),
            answer=0,
            task="Press Play, and let it learn for 100 epochs. Watch the six maps.",
            control="play",
            waits_for=(Result("epoch", at_least=100),),
            explanation="It does learn, and all six maps turn together: a layer of six copies is "
            "one unit, and one unit draws one straight border.",
            change={},
            holds=(Result("different_units", at_most=1), Result("accuracy", at_most=0.92)),
        ),
        Step(
            question="What will first weights of chance change?",
            choices=("the speed only", "six different units, and a border that bends", "nothing"),
            answer=1,
            task="Under All settings, Network, choose glorot_uniform as initializer, and let it "
            "learn.",
            control="initializer",
            waits_for=(
                Setting("initializer", "initializer", none_of=("zeros",)),
                Result("different_units", at_least=2),
                Result("accuracy", at_least=0.95, within=200),
            ),
            explanation="Small numbers drawn by chance make each unit begin elsewhere, and each "
            "finds a part of the border of its own. Biases may begin at zero; weights may not.",
            change={"model": {"initializer": "glorot_uniform"}},
        ),
    ),
)
SOFTMAX = Lesson(
    name="softmax",
    title="Several classes share one whole",
    subject=SUBJECT,
    about="For two classes, one output says how likely the second is. For more, each class has an "
    "output of its own, and softmax makes fractions of them: all positive, together 1. What raises "
    "one class lowers the others.",
    equation="p_k = exp(z_k) / Σ_j exp(z_j)",
    paper="Bridle 1990.",
    state={
        "data": {"kind": "made", "name": "clusters", "n_classes": 2, "noise": 1.0},
        "model": {"hidden_layer_sizes": [], "learning_rate_init": 0.03},
    },
    opens={"centre": "Network", "plane": "Decision", "below": "Loss"},
    steps=(
        Step(
            question="Two clusters, and no hidden layer. How many outputs are needed?",
            choices=("one", "two", "three"),
            answer=0,
            task="Press Play, and let it learn for 30 epochs.",
            control="play",
            waits_for=(Result("epoch", at_least=30),),
            explanation="One suffices: what is not of the second class is of the first. Its border "
            "is the straight line on which z = 0 and both are as likely.",
            change={},
            holds=(Result("outputs", at_most=1), Result("accuracy", at_least=0.9)),
        ),
        Step(
            question="With four clusters, still without a hidden layer: which borders will there "
            "be between the classes?",
            choices=("one line for all", "straight lines that meet", "circles around the clusters"),
            answer=1,
            task="Under Data, set Classes to 4, and let it learn.",
            control="data.n_classes",
            waits_for=(
                Result("outputs", at_least=3),
                Result("accuracy", at_least=0.85, within=200),
            ),
            explanation="Two classes are as likely where their z are equal, and each z is a plane "
            "over the inputs: every border is a straight line. Point at the picture: all "
            "classes add up to 100 %.",
            change={"data": {"n_classes": 4}},
        ),
    ),
)
OF_NETWORKS = (LINEAR_COLLAPSE, VANISHING_GRADIENTS, SYMMETRY, SOFTMAX)
