"""What a body needs after a workout or a night, from the summary alone: wellness, no diagnosis."""

from collections.abc import Mapping

from hub.model.devices import Value
from hub.model.home import Need

MAX_ENERGY_KCAL = 12_000.0
"""A day of the Tour de France costs less."""
MAX_WORKOUT_S = 24 * 3600.0
MAX_ASLEEP_MIN = 24 * 60.0

NEED_EVENTS = frozenset({"workout_stopped", "sleep_ended"})
LASTS_S = 24 * 3600
"""How long a workout or a night asks for something, from its end; chosen here."""

FLUID_ML_PER_H = 400.0
MAX_FLUID_ML = 3_000.0
PROTEIN_G = 20.0
PROTEIN_FROM_S = 20 * 60.0
"""A shorter effort asks for no meal of its own; chosen here."""
SHORT_BELOW_MIN = 6 * 60.0
LONG_ABOVE_MIN = 9 * 60.0


def need_of(event_type: str, data: Mapping[str, object]) -> Need | None:
    """Return the need that an event of a watch leads to; None where it says too little.

    A figure that is missing, no number, or beyond what a body does is left out, not guessed.
    """
    match event_type:
        case "workout_stopped":
            return _after_workout(data)
        case "sleep_ended":
            return _after_night(data)
        case _:
            return None


def _after_workout(data: Mapping[str, object]) -> Need | None:
    energy_kcal = _figure(data, "energy_kcal", most=MAX_ENERGY_KCAL)
    duration_s = _figure(data, "duration_s", most=MAX_WORKOUT_S)
    made_of: dict[str, Value] = {}
    if energy_kcal is not None:
        made_of["energy_kcal"] = energy_kcal
    if duration_s is not None:
        made_of["duration_s"] = duration_s
    if not made_of:
        return None
    return Need(
        energy_kcal=None if energy_kcal is None else round(energy_kcal),
        protein_g=None if duration_s is None else protein_g(duration_s),
        fluid_ml=None if duration_s is None else fluid_ml(duration_s),
        made_of=made_of,
    )


def protein_g(duration_s: float) -> float | None:
    """Return the protein of one meal after the effort, in g; None after a short one.

    The low end of 20 to 40 g a meal, as the body's mass (0.25 g/kg) is not known.
    Source: Jäger et al. (2017), ISSN position stand, J Int Soc Sports Nutr 14:20.
    """
    return PROTEIN_G if duration_s >= PROTEIN_FROM_S else None


def fluid_ml(duration_s: float) -> float:
    """Return what to drink for so long an effort, in mL, at most three litres.

    The low end of 0.4 to 0.8 L an hour, as neither the mass lost nor the heat is known.
    Source: Sawka et al. (2007), ACSM position stand, Med Sci Sports Exerc 39:377-390.
    """
    return min(MAX_FLUID_ML, round(FLUID_ML_PER_H * duration_s / 3600, -1))


def _after_night(data: Mapping[str, object]) -> Need | None:
    asleep_min = _figure(data, "asleep_min", most=MAX_ASLEEP_MIN)
    if asleep_min is None:
        return None
    return Need(rest=rest(asleep_min), made_of={"asleep_min": asleep_min})


def rest(asleep_min: float) -> str:
    """Return `short`, `usual` or `long`; of one night, which is no habit.

    Seven hours and more are advised, below six the panel had no doubt, above nine it was not sure.
    Source: Watson et al. (2015), AASM and SRS consensus, Sleep 38:843-844.
    """
    if asleep_min < SHORT_BELOW_MIN:
        return "short"
    return "long" if asleep_min > LONG_ABOVE_MIN else "usual"


def _figure(data: Mapping[str, object], name: str, *, most: float) -> float | None:
    value = data.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= most:
        return None
    return float(value)
