"""Every schedule: scikit-learn's rates, PyTorch's, closed forms, and the warm-up."""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np
import pytest
from sklearn.neural_network._stochastic_optimizers import SGDOptimizer

from lamina.engines import Objective, OptimizerSettings
from lamina.formulas import SCHEDULES
from lamina.formulas.schedule import Schedule
from lamina.training import TrainingPlan
from lamina.training.rates import Rates, RateState
from lamina.training.stopping import Stopping

INITIAL, EPOCHS, STEPS = 0.3, 12, 5
ADAM = OptimizerSettings("adam", {"beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-8})

SCIKIT_LEARNS = [schedule for schedule in SCHEDULES.values() if not schedule.speaks_to_all]

every_schedule = pytest.mark.parametrize("schedule", SCHEDULES.values(), ids=lambda s: s.name)
scikit_learns = pytest.mark.parametrize("schedule", SCIKIT_LEARNS, ids=lambda s: s.name)


def rates_of(schedule: Any, epochs: int = EPOCHS, **settings: Any) -> list[float]:
    """Return the rate of each step of a training in which every epoch brings progress."""
    plan = TrainingPlan(
        objective=Objective("squared_error"),
        optimizer=ADAM,
        batch_size=3,
        max_epochs=epochs,
        schedule=schedule.name if isinstance(schedule, Schedule) else schedule,
        initial_rate=INITIAL,
        **settings,
    )
    found = Rates(plan, RateState(INITIAL, INITIAL), STEPS).rates_of_epochs(epochs, 0, 3 * STEPS)
    return [float(rate) for rate in found.ravel()]


@scikit_learns
@pytest.mark.parametrize("power_t", [0.0, 0.5, 1.5])
def test_the_base_rate_after_each_epoch_equals_scikit_learns(
    schedule: Schedule, power_t: float
) -> None:
    theirs = SGDOptimizer([], 0.3, lr_schedule=schedule.name, power_t=power_t)
    rate = 0.3
    for epoch in range(1, 40):
        rows_seen = 150 * epoch
        rate = schedule.after_epoch(rate, 0.3, rows_seen, power_t)
        theirs.iteration_ends(rows_seen)
        assert rate == theirs.learning_rate


@scikit_learns
def test_a_stall_stops_or_slows_training_like_scikit_learns(schedule: Schedule) -> None:
    theirs = SGDOptimizer([], 0.3, lr_schedule=schedule.name)
    rate = 0.3
    for _ in range(20):
        slowed = schedule.after_stall(rate)
        assert (slowed is None) == theirs.trigger_stopping("", verbose=False)
        if slowed is None:
            return
        rate = slowed
        assert rate == theirs.learning_rate
    pytest.fail("twenty stalls in a row did not end the training")


def test_scikit_learns_schedules_are_three_and_have_no_multiplier() -> None:
    assert [schedule.name for schedule in SCIKIT_LEARNS] == ["constant", "invscaling", "adaptive"]
    assert all(schedule.shape is None and not schedule.options for schedule in SCIKIT_LEARNS)


# The other schedules in PyTorch: optimizer and options -> scheduler; and how often it steps.
def _exponential(torch: Any, optimizer: Any, options: dict[str, Any]) -> Any:
    return torch.ExponentialLR(optimizer, options["decay"])


def _step(torch: Any, optimizer: Any, options: dict[str, Any]) -> Any:
    return torch.StepLR(optimizer, options["every"], options["factor"])


def _cosine(torch: Any, optimizer: Any, options: dict[str, Any]) -> Any:
    if options["period"] is None:
        return torch.CosineAnnealingLR(optimizer, EPOCHS * STEPS, INITIAL * options["lowest"])
    period, growth = options["period"] * STEPS, options["period_factor"]
    return torch.CosineAnnealingWarmRestarts(optimizer, period, growth, INITIAL * options["lowest"])


def _one_cycle(torch: Any, optimizer: Any, options: dict[str, Any]) -> Any:
    names = {
        "pct_start": "rising",
        "div_factor": "initial_divisor",
        "final_div_factor": "final_divisor",
    }
    settings = {theirs: options[ours] for theirs, ours in names.items()}
    return torch.OneCycleLR(optimizer, INITIAL, EPOCHS * STEPS, cycle_momentum=False, **settings)


def _polynomial(torch: Any, optimizer: Any, options: dict[str, Any]) -> Any:
    return torch.PolynomialLR(optimizer, EPOCHS * STEPS, options["power"])


def _waves(torch: Any, optimizer: Any, options: dict[str, Any]) -> Any:
    return torch.LambdaLR(optimizer, lambda s: math.sin(math.pi * math.log2(1 + 15 * s / 60)) ** 2)


def _flat_cos(torch: Any, optimizer: Any, options: dict[str, Any]) -> Any:
    flat = round(options["flat"] * EPOCHS * STEPS)
    falling, last = EPOCHS * STEPS - flat, INITIAL * options["lowest"]
    parts = [
        torch.ConstantLR(optimizer, 1.0),
        torch.CosineAnnealingLR(optimizer, falling, last),
    ]
    return torch.SequentialLR(optimizer, parts, [flat]) if flat else parts[1]


BY_EPOCHS, BY_STEPS = STEPS, 1
IN_PYTORCH: dict[str, tuple[Any, int, list[dict[str, Any]]]] = {
    "exponential": (_exponential, BY_EPOCHS, [{}, {"decay": 0.5}]),
    "step": (_step, BY_EPOCHS, [{"every": 5}, {"factor": 0.5, "every": 1}]),
    "cosine": (
        _cosine,
        BY_STEPS,
        [
            {},
            {"lowest": 0.1},
            {"period": 3},
            {"period": 1, "period_factor": 2, "lowest": 0.05},
            {"period": 2, "period_factor": 3},
        ],
    ),
    "one_cycle": (
        _one_cycle,
        BY_STEPS,
        [{}, {"rising": 0.5, "initial_divisor": 10, "final_divisor": 100}],
    ),
    "polynomial": (_polynomial, BY_STEPS, [{}, {"power": 2.0}, {"power": 0.5}]),
    "coslog4": (_waves, BY_STEPS, [{}]),
    "flat_cos": (_flat_cos, BY_STEPS, [{}, {"flat": 0.0}, {"flat": 0.75, "lowest": 0.1}]),
}
IN_CLOSED_FORM = {"constant", "invscaling", "adaptive", "plateau"}


def test_every_schedule_is_compared_with_another_implementation() -> None:
    assert set(IN_PYTORCH) | IN_CLOSED_FORM == set(SCHEDULES)


@pytest.mark.parametrize(
    ("name", "options"), [(n, o) for n, (_, _, several) in IN_PYTORCH.items() for o in several]
)
def test_the_rates_equal_pytorchs(name: str, options: dict[str, Any]) -> None:
    torch = pytest.importorskip("torch")
    make, stride, _ = IN_PYTORCH[name]
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=INITIAL)
    expected = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        scheduler = make(torch.optim.lr_scheduler, optimizer, SCHEDULES[name].settings(options))
        for step in range(EPOCHS * STEPS):
            expected.append(optimizer.param_groups[0]["lr"])
            optimizer.step()
            if (step + 1) % stride == 0 and step + 1 < EPOCHS * STEPS:
                scheduler.step()
    found = rates_of(SCHEDULES[name], given_options=options)
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-15)


@pytest.mark.parametrize(
    "options", [{}, {"factor": 0.5, "patience": 0}, {"patience": 2, "lowest": 0.3}]
)
def test_a_plateau_lowers_the_rate_where_pytorch_does(options: dict[str, Any]) -> None:
    torch = pytest.importorskip("torch")
    settings = SCHEDULES["plateau"].settings(options)
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=INITIAL)
    theirs = torch.optim.lr_scheduler.ReduceLROnPlateau(
        optimizer,
        factor=settings["factor"],
        patience=settings["patience"],
        threshold=0.01,
        threshold_mode="abs",
        min_lr=INITIAL * settings["lowest"],
        eps=0,
    )
    losses = [1.0, 0.9, 0.9, 0.95, 0.5, *[0.6] * 20, 0.3, *[0.3] * 9]
    plan = TrainingPlan(
        Objective("squared_error"), ADAM, 3, 99, "plateau", options, initial_rate=INITIAL
    )
    state = RateState(INITIAL, INITIAL)
    ours, stopping = Rates(plan, state, STEPS), Stopping(0.01, math.inf, math.inf)
    lowered = 0
    for loss in losses:
        stopping.improves(loss)
        base_rate = ours.base_rate_after_plateau(state.learning_rate, stopping.stalled > 0)
        if base_rate is not None:
            lowered += 1
            state.learning_rate = base_rate
        theirs.step(loss)
        assert state.learning_rate == pytest.approx(optimizer.param_groups[0]["lr"], rel=1e-12)
    assert lowered > 1


@every_schedule
def test_a_warm_up_rises_linearly_to_the_start_of_the_schedule(schedule: Schedule) -> None:
    plain = rates_of(schedule, epochs=EPOCHS - 2)
    warmed = rates_of(schedule, warmup=2)
    rising = 2 * STEPS
    first = np.array(plain[0]) * np.arange(1, rising + 1) / rising
    if schedule.shape is None:
        # Their base rate depends on samples and stalls, not on a clock that the warm-up could stop.
        unwarmed = rates_of(schedule)
        first, plain = (
            np.array(unwarmed[:rising]) * np.arange(1, rising + 1) / rising,
            unwarmed[10:],
        )
    np.testing.assert_allclose(warmed[:rising], first, rtol=1e-12)
    np.testing.assert_allclose(warmed[rising:], plain, rtol=1e-12)


def test_a_warm_up_equals_pytorchs_linear_one() -> None:
    torch = pytest.importorskip("torch")
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=INITIAL)
    steps = round(1.5 * STEPS)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        scheduler = torch.optim.lr_scheduler.LinearLR(optimizer, 1 / steps, 1.0, steps - 1)
        expected = []
        for _ in range(EPOCHS * STEPS):
            expected.append(optimizer.param_groups[0]["lr"])
            optimizer.step()
            scheduler.step()
    found = rates_of(SCHEDULES["constant"], warmup=1.5)
    np.testing.assert_allclose(found, expected, rtol=1e-9)


@every_schedule
def test_rates_are_never_negative_nor_above_the_initial_one(schedule: Schedule) -> None:
    for epochs in (1, 2, EPOCHS):
        for warmup in (0, 0.3, 3):
            rates = rates_of(schedule, epochs=epochs, warmup=warmup)
            assert min(rates) >= 0
            assert max(rates) <= INITIAL * (1 + 1e-12)


@every_schedule
def test_training_beyond_the_length_of_a_schedule_has_finite_rates(schedule: Schedule) -> None:
    beyond = rates_of(schedule, epochs=3 * EPOCHS, schedule_length=EPOCHS)
    assert np.isfinite(beyond).all()
    assert min(beyond) >= 0
    if schedule.follows_length:
        np.testing.assert_allclose(beyond[EPOCHS * STEPS + 1 :], beyond[-1], atol=1e-12)


def test_a_restart_begins_at_the_full_rate_even_where_rounding_is_near() -> None:
    options = {"period": 0.6, "period_factor": 1}
    rates = np.array(rates_of(SCHEDULES["cosine"], given_options=options))
    assert (rates[::3] == INITIAL).all()


def test_coslog4_is_zero_at_powers_of_two_and_highest_between_them() -> None:
    rates = np.array(rates_of(SCHEDULES["coslog4"], epochs=15))
    # 1 + 15 t is 1, 2, 4, 8 at these steps of 75.
    np.testing.assert_allclose(rates[[0, 5, 15, 35]], 0, atol=1e-14)
    # The highest points are where 1 + 15 t is a power of two times √2: step 51.6 for the last wave.
    assert rates.argmax() in (51, 52)
    assert rates.max() == pytest.approx(INITIAL, rel=2e-3)


def test_flat_cos_keeps_the_rate_for_half_of_all_steps() -> None:
    rates = np.array(rates_of(SCHEDULES["flat_cos"]))
    assert (rates[: EPOCHS * STEPS // 2] == INITIAL).all()
    assert (np.diff(rates[EPOCHS * STEPS // 2 :]) < 0).all()
    assert 0 < rates[-1] < 0.01 * INITIAL


EXTREMES = (0, 5e-324, 1e-300, 1e-9, 1 + 1e-15, 1e9, 1.7e308, 1, 2**62, 2**63 - 1)


@every_schedule
@pytest.mark.parametrize("epoch", [0, 1, 2**40])
def test_every_option_at_its_extremes_gives_finite_rates(schedule: Schedule, epoch: int) -> None:
    for name, option in schedule.options.items():
        for value in filter(option.allows, EXTREMES):
            for growth in (1, 1 + 1e-12, 2, 1.7e308) if name == "period" else (None,):
                options = {name: value} | ({} if growth is None else {"period_factor": growth})
                if name == "period_factor":
                    options["period"] = 1e-9
                for warmup in (0, 1e-300, 1e300):
                    rates = _rates_in_epoch(schedule, options, warmup, epoch)
                    assert np.isfinite(rates).all()
                    assert min(rates) >= 0
                    assert max(rates) <= INITIAL


def _rates_in_epoch(schedule: Schedule, options: Any, warmup: float, epoch: int) -> list[float]:
    plan = TrainingPlan(
        objective=Objective("squared_error"),
        optimizer=ADAM,
        batch_size=3,
        max_epochs=2**63 - 1,
        schedule=schedule.name,
        given_options=options,
        warmup=warmup,
        initial_rate=INITIAL,
    )
    state = RateState(INITIAL, INITIAL, scheduled_epochs=epoch)
    rates: list[float] = Rates(plan, state, STEPS).rates_of_epochs(1, 0, 3 * STEPS)[0].tolist()
    return rates


@pytest.mark.parametrize(("period", "growth"), [(1, 1.5), (0.4, 2), (2, 1.01), (0.2, 1.0001)])
def test_growing_cycles_begin_at_the_sums_of_their_lengths(period: float, growth: float) -> None:
    options = {"period": period, "period_factor": growth}
    found = rates_of(SCHEDULES["cosine"], epochs=40, given_options=options)
    begin, length = 0.0, period
    for step, rate in enumerate(found):
        now = step / STEPS
        while begin + length <= now * (1 + 1e-13):
            begin, length = begin + length, length * growth
        expected = INITIAL / 2 * (1 + math.cos(math.pi * (now - begin) / length))
        assert rate == pytest.approx(expected, rel=1e-9, abs=1e-12)


@every_schedule
def test_non_finite_options_are_refused(schedule: Schedule) -> None:
    for name, option in schedule.options.items():
        for value in (math.inf, -math.inf, 10**400):
            with pytest.raises(ValueError, match=f"must be {option.allowed_values}"):
                schedule.settings({name: value})


def test_a_function_of_step_and_epoch_returns_the_rates() -> None:
    found = rates_of(lambda step, epoch: 0.1 / (1 + step) + epoch)
    expected = [0.1 / (1 + step) + step // STEPS for step in range(EPOCHS * STEPS)]
    assert found == expected


@pytest.mark.parametrize("rate", [-0.1, math.nan, math.inf, "small", None])
def test_an_invalid_rate_of_a_function_is_reported_with_its_step(rate: Any) -> None:
    with pytest.raises(ValueError, match=r"returned .* for step 7 of epoch 1; it must return"):
        rates_of(lambda step, epoch: rate if step == 7 else 0.1)


@every_schedule
def test_every_option_has_a_valid_default_and_describes_its_values(
    schedule: Schedule,
) -> None:
    assert schedule.settings(None) == schedule.settings({})
    for name, option in schedule.options.items():
        assert option.allows(option.default)
        for wrong in ("much", -1, math.nan, True, [1]):
            with pytest.raises(ValueError, match=f"must be {option.allowed_values}"):
                schedule.settings({name: wrong})


@every_schedule
def test_the_error_for_an_unknown_option_lists_the_options(schedule: Schedule) -> None:
    with pytest.raises(ValueError, match=r"has no option 'gamma'.* Its learning_rate_options are"):
        schedule.settings({"gamma": 0.5})


def test_the_error_for_a_misspelt_option_suggests_the_nearest() -> None:
    with pytest.raises(ValueError, match="Did you mean 'decay'"):
        SCHEDULES["exponential"].settings({"decya": 0.5})


@every_schedule
def test_every_schedule_has_an_equation_and_a_paper(schedule: Schedule) -> None:
    assert "η" in schedule.equation
    assert schedule.paper
