"""How people read care labels before they start the washer: the hub's own rules, by hand."""

from collections.abc import Sequence

from hub.model.care import Process
from hub.model.care_wash import Treatment, wash_course
from simulators.laundry import Machine, Piece, Preset


def is_mistake(piece: Piece) -> bool:
    """Whether it has no business in a washer."""
    return piece.plan.label.washing.process <= Process.HAND


def treatment(pieces: Sequence[Piece]) -> Treatment:
    """Return what these want together; a mistake among others is overlooked."""
    meant = [one for one in pieces if not is_mistake(one)] or pieces
    garments = [one.plan.garment(identity=one.id, household="") for one in meant]
    return wash_course(garments, soil=max((one.soil for one in meant), default=0.0))


def turn_knobs(washer: Machine, pieces: Sequence[Piece], now_ms: int) -> None:
    """Set the washer to what the labels want; as it was where nothing may be washed at home."""
    wanted = treatment(pieces)
    if wanted.course is None:
        return
    preset = Preset(
        load="",
        course=wanted.course,
        temperature=float(wanted.temperature_c),
        spin=float(wanted.spin_per_min),
    )
    washer.ready(preset, now_ms)
