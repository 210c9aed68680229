"""Lessons on what a network can represent: activations, depth, initial weights, several classes."""

from __future__ import annotations

from lamina.workbench.lessons.conditions import Result, Setting
from lamina.workbench.lessons.lesson import Lesson, LessonStep

SUBJECT = "The network"
LINEAR_COLLAPSE = Lesson(
    name="linear_collapse",
    title="Why activations are needed",
    subject=SUBJECT,
    about="A layer without an activation is a linear map plus a bias. Two such layers in sequence "
    "are again a linear map plus a bias, and so is any number of them: they draw one straight "
    "decision boundary. A nonlinear activation between the layers makes curved ones possible.",
    equation="(x W₁ + b₁) W₂ + b₂ = x (W₁ W₂) + (b₁ W₂ + b₂)",
    paper="Cybenko 1989: with a nonlinear activation, one hidden layer can approximate any "
    "continuous function.",
    state={
        "data": {"kind": "made", "name": "moons"},
        "model": {"hidden_layer_sizes": [6, 4], "activation": "identity"},
    },
    opens={"plane": "Decision", "below": "Loss", "centre": "Network"},
    steps=(
        LessonStep(
            question="The two moons interlock. With ten units in two hidden layers, all with the "
            "activation identity, which decision boundary will they draw?",
            choices=("a curve between the moons", "one corner for each unit", "a straight line"),
            answer=2,
            task="Press Play, and train for 60 epochs.",
            control="play",
            waits_for=(Result("epoch", at_least=60),),
            explanation="Each unit’s output is linear in the inputs, and so is a sum of them: the "
            "boundary is one straight line, with the tip of each moon on the wrong side.",
            change={},
            holds=(Result("accuracy", at_least=0.8), Result("accuracy", at_most=0.92)),
        ),
        LessonStep(
            question="Would another layer help?",
            choices=("yes, a little", "no", "only with more units in it"),
            answer=1,
            task="Press + beside “2 hidden layers”, then train for 60 epochs.",
            control="layers",
            waits_for=(Result("hidden_layers", at_least=3), Result("epoch", at_least=60)),
            explanation="A product of three matrices is a matrix. The network is deeper now, but "
            "it can represent exactly the same functions.",
            change={"model": {"hidden_layer_sizes": [6, 4, 4]}},
            holds=(Result("accuracy", at_least=0.8), Result("accuracy", at_most=0.92)),
        ),
        LessonStep(
            question="Now a nonlinear activation: which boundary can the same units draw with "
            "tanh?",
            choices=("a curve between the moons", "two straight lines", "still a straight line"),
            answer=0,
            task="Choose tanh as Activation, and train.",
            control="activation",
            waits_for=(
                Setting("activation", "Activation", none_of=("identity",)),
                Result("accuracy", at_least=0.95, within=200),
            ),
            explanation="Every unit now computes a curved function, and a sum of them follows both "
            "moons. Only the activation has changed.",
            change={"model": {"activation": "tanh"}},
        ),
    ),
)
VANISHING_GRADIENTS = Lesson(
    name="vanishing_gradients",
    title="Vanishing gradients",
    subject=SUBJECT,
    about="The gradient of the first layer is propagated back through all later layers, and each "
    "multiplies it by the derivative of its activation. The sigmoid’s derivative is at most ¼; "
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
        LessonStep(
            question="Two layers learn these moons within seconds. What will ten layers of "
            "sigmoids (logistic) learn in 100 epochs?",
            choices=("a better boundary", "the same boundary, later", "no boundary at all"),
            answer=2,
            task="Choose Gradients in Distributions, below; press Play, and train for 100 epochs.",
            control="play",
            waits_for=(Result("epoch", at_least=100),),
            explanation="The loss stays at ln 2 ≈ 0.693, the loss of guessing. The gradients of "
            "the first layers are so much smaller than the last layer’s that the first layers do "
            "not learn, and the last ones receive almost the same values for every row.",
            change={},
            holds=(Result("accuracy", at_most=0.75), Result("gradient_ratio", at_most=1e-3)),
        ),
        LessonStep(
            question="The derivative of tanh is 1 at the origin. Will ten layers of it learn?",
            choices=("no, ten layers are too deep", "yes", "yes, in ten times the epochs"),
            answer=1,
            task="Choose tanh as Activation, and train.",
            control="activation",
            waits_for=(
                Setting("activation", "Activation", none_of=("logistic",)),
                Result("accuracy", at_least=0.93, within=200),
            ),
            explanation="With derivatives near 1, and initial weights that preserve the variance "
            "of activations (Glorot), the first layer’s gradients are as large as the last "
            "layer’s. Residual connections and normalization, under All settings, also help.",
            change={"model": {"activation": "tanh"}},
            holds=(Result("gradient_ratio", at_least=0.01),),
        ),
    ),
)
SYMMETRY = Lesson(
    name="symmetry",
    title="Breaking the symmetry",
    subject=SUBJECT,
    about="Two units of a layer with the same weights compute the same output, have the same "
    "gradient, and are updated identically. Training never makes them different; random initial "
    "weights must.",
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
        LessonStep(
            question="All initial weights of these six units are zero. How many different units "
            "will there be after 100 epochs?",
            choices=("one, six times", "six", "it will not learn at all"),
            answer=0,
            task="Press Play, and train for 100 epochs. Watch the six maps.",
            control="play",
            waits_for=(Result("epoch", at_least=100),),
            explanation="The network does learn, and all six maps change together: six identical "
            "units act as one, and one unit draws one straight boundary.",
            change={},
            holds=(Result("different_units", at_most=1), Result("accuracy", at_most=0.92)),
        ),
        LessonStep(
            question="What will random initial weights change?",
            choices=("the speed only", "six different units, and a curved boundary", "nothing"),
            answer=1,
            task="Under All settings, Network, choose glorot_uniform as initializer, and train.",
            control="initializer",
            waits_for=(
                Setting("initializer", "initializer", none_of=("zeros",)),
                Result("different_units", at_least=2),
                Result("accuracy", at_least=0.95, within=200),
            ),
            explanation="Small random weights make each unit start differently, and each one "
            "finds a different part of the boundary. Biases may start at zero; weights may not.",
            change={"model": {"initializer": "glorot_uniform"}},
        ),
    ),
)
SOFTMAX = Lesson(
    name="softmax",
    title="Softmax for several classes",
    subject=SUBJECT,
    about="For two classes, one output gives the probability of the second class. For more, each "
    "class has its own output, and softmax turns the outputs into probabilities: all positive, "
    "with sum 1. Raising one class lowers the others.",
    equation="p_k = exp(z_k) / Σ_j exp(z_j)",
    paper="Bridle 1990.",
    state={
        "data": {"kind": "made", "name": "clusters", "n_classes": 2, "noise": 1.0},
        "model": {"hidden_layer_sizes": [], "learning_rate_init": 0.03},
    },
    opens={"centre": "Network", "plane": "Decision", "below": "Loss"},
    steps=(
        LessonStep(
            question="Two clusters, and no hidden layer. How many outputs are needed?",
            choices=("one", "two", "three"),
            answer=0,
            task="Press Play, and train for 30 epochs.",
            control="play",
            waits_for=(Result("epoch", at_least=30),),
            explanation="One is enough: a point that is not in the second class is in the first. "
            "The boundary is the straight line z = 0, where both classes are equally likely.",
            change={},
            holds=(Result("outputs", at_most=1), Result("accuracy", at_least=0.9)),
        ),
        LessonStep(
            question="With four clusters, still without a hidden layer: which boundaries will "
            "there be between the classes?",
            choices=("one line for all", "straight lines that meet", "circles around the clusters"),
            answer=1,
            task="Under Data, set Classes to 4, and train.",
            control="data.n_classes",
            waits_for=(
                Result("outputs", at_least=3),
                Result("accuracy", at_least=0.85, within=200),
            ),
            explanation="Two classes are equally likely where their z are equal, and each z is "
            "linear in the inputs: every boundary is a straight line. Point at the picture: the "
            "probabilities of all classes add up to 100 %.",
            change={"data": {"n_classes": 4}},
        ),
    ),
)
OF_NETWORKS = (LINEAR_COLLAPSE, VANISHING_GRADIENTS, SYMMETRY, SOFTMAX)
