"""The clothes of a home: whose they are, which are worn, and which go into one load."""

from collections.abc import Iterable, Mapping, Sequence
from random import Random

from hub.model.care import Process
from simulators.chance import chance
from simulators.laundry import Piece, make_wardrobe

CARELESS = 0.15
"""Share of loads with something in them that should not be; assumed."""
LOAD_KG = 4.5
FEWEST = 3
DIRTY = 0.35
"""From this soil on something is put into the wash."""


class Wardrobe:
    """Every piece is here while no machine and no line has it."""

    def __init__(self, pieces: Iterable[Piece], *, known: Mapping[str, str]) -> None:
        self.here = list(pieces)
        self.all = tuple(self.here)
        self._known = known

    def put_back(self, pieces: Iterable[Piece]) -> None:
        """Take pieces in that were washed or hung."""
        for piece in pieces:
            piece.water_kg = 0.0
            self.here.append(piece)

    def wear(self, rng: Random) -> None:
        """Let a day pass in which some of it was worn."""
        for piece in self.here:
            if rng.random() < 0.3:  # noqa: PLR2004 - every third thing a day
                piece.soil = min(1.0, piece.soil + rng.uniform(0.1, 0.45))
                piece.dust_mg += rng.uniform(5, 40)

    def load(self, rng: Random) -> list[Piece]:
        """Take one load out: what is dirty and may be washed, and now and then a mistake."""
        washable = [one for one in self.here if one.plan.label.washing.process > Process.HAND]
        dirty = sorted(washable, key=lambda one: -one.soil)
        dirty = [one for one in dirty if one.soil >= DIRTY] or dirty[:FEWEST]
        chosen: list[Piece] = []
        for piece in dirty:
            if sum(one.dry_kg for one in chosen) + piece.dry_kg <= LOAD_KG:
                chosen.append(piece)
        others = [one for one in self.here if one not in chosen and one not in washable]
        if others and rng.random() < CARELESS:
            chosen.append(rng.choice(others))
        return self._taken(chosen)

    def named(self, names: Sequence[str]) -> list[Piece]:
        """Take out the pieces with these ids or names; a name may be part of the whole one.

        An id is the hub's or the seed's.
        """
        return self._taken([piece for name in names for piece in self._by(name)])

    def to_freshen(self, rng: Random) -> list[Piece]:
        """Take out one or two things that are aired rather than washed."""
        hung = [one for one in self.here if one.plan.label.washing.process <= Process.VERY_MILD]
        return self._taken(rng.sample(hung, min(len(hung), rng.randint(1, 2))))

    def _by(self, name: str) -> list[Piece]:
        exact = [one for one in self.here if one.id in {name, self._known.get(name)}]
        return (
            exact
            or [one for one in self.here if any(name in full for full in one.plan.names.values())][
                :1
            ]
        )

    def _taken(self, pieces: Sequence[Piece]) -> list[Piece]:
        taken = {piece.id: piece for piece in pieces}
        self.here = [piece for piece in self.here if piece.id not in taken]
        return list(taken.values())


def furnished(seed: int, home: int, people: Iterable[str], *, known: Mapping[str, str]) -> Wardrobe:
    """Return the clothes of everybody in a home; ids are the same for the same seed.

    `known` has the hub's ids, by ours, of those that the hub knows by another one.
    """
    pieces: list[Piece] = []
    for who in people:
        plans = make_wardrobe(chance(seed, home, who, "wardrobe"))
        pieces += [
            Piece(id=known.get(name, name), plan=plan)
            for number, plan in enumerate(plans, start=1)
            for name in [f"gm_{seed}-{home}-{who.lower()}-{number}"]
        ]
    wardrobe = Wardrobe(pieces, known=known)
    wardrobe.wear(chance(seed, home, "worn before"))
    return wardrobe


def described(piece: Piece) -> Mapping[str, object]:
    """Return what a person would tell the hub of it."""
    plan = piece.plan
    return {
        "id": piece.id,
        "names": dict(plan.names),
        "fibres": {str(fibre): percent for fibre, percent in plan.fibres.shares},
        "washing": plan.label.washing,
        "tumbling": plan.label.tumbling,
        "colour": plan.colour,
        "labelled": plan.labelled,
    }
