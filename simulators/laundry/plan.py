"""What a garment is before anybody knows of it: what was sewn, and what the label says."""

from collections.abc import Mapping
from dataclasses import dataclass

from hub.model.care import CareLabel, Colour, Composition
from hub.model.garments import Garment


@dataclass(frozen=True, slots=True, kw_only=True)
class GarmentPlan:
    names: Mapping[str, str]
    """By language: `ko`, `en`."""
    fibres: Composition
    label: CareLabel
    colour: Colour
    rgb: str
    """`#rrggbb`."""
    mass_kg: float
    """Dry."""
    tags: tuple[str, ...] = ()
    labelled: bool = True
    """Whether its owner read the label into the hub."""

    def garment(
        self, *, identity: str, household: str, owner: str | None = None, language: str = "ko"
    ) -> Garment:
        """Return what the hub knows of it."""
        return Garment(
            id=identity,
            household=household,
            owner=owner,
            name=self.names[language],
            fibres=self.fibres if self.labelled else None,
            label=self.label if self.labelled else None,
            colour=self.colour,
            tags=self.tags,
        )
