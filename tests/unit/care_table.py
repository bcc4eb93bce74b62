"""Reads the table of fabric mixes in `tests/data/care`."""

import csv
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from hub.model.care import (
    Bleaching,
    CareLabel,
    Colour,
    Composition,
    DryCleaning,
    Fibre,
    Ironing,
    NaturalDrying,
    Tumbling,
    Washing,
    WetCleaning,
)
from hub.model.garments import Garment

DATA = Path(__file__).parents[1] / "data" / "care"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mix:
    """One row: what is together, and what is expected of it, as it is written there."""

    id: str
    garments: tuple[Garment, ...]
    soil: float
    expected: Mapping[str, str]

    def keys(self, column: str) -> list[str]:
        return self.expected[column].split()


def rows(name: str) -> list[dict[str, str]]:
    with (DATA / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, strict=True))


def garments() -> dict[str, Garment]:
    return {row["key"]: _garment(row) for row in rows("garments.csv")}


def mixes() -> list[Mix]:
    known = garments()
    return [_mix(row, known) for row in rows("mixes.csv")]


def _mix(row: dict[str, str], known: Mapping[str, Garment]) -> Mix:
    keys = row["garments"].split()
    seen = [keys[:index].count(key) for index, key in enumerate(keys)]
    pieces = (
        replace(known[key], id=f"{key}#{again + 1}" if again else key)
        for key, again in zip(keys, seen, strict=True)
    )
    return Mix(id=row["id"], garments=tuple(pieces), soil=float(row["soil"]), expected=row)


def _garment(row: dict[str, str]) -> Garment:
    return Garment(
        id=row["key"],
        household="h-1",
        name=row["en"],
        fibres=_fibres(row["fibres"]),
        label=_label(row) if row["washing"] else None,
        colour=Colour(row["colour"]) if row["colour"] else None,
        tags=tuple(row["tags"].split()),
    )


def _fibres(text: str) -> Composition | None:
    words = text.split()
    shares = {Fibre(words[i]): int(words[i + 1]) for i in range(0, len(words), 2)}
    return Composition.of(shares) if shares else None


def _label(row: dict[str, str]) -> CareLabel:
    natural, dry, wet = row["natural_drying"], row["dry_cleaning"], row["wet_cleaning"]
    return CareLabel(
        washing=Washing(row["washing"]),
        bleaching=Bleaching(row["bleaching"]),
        tumbling=Tumbling(row["tumbling"]),
        natural_drying=NaturalDrying(natural) if natural else None,
        ironing=Ironing(row["ironing"]),
        dry_cleaning=DryCleaning(dry) if dry else None,
        wet_cleaning=WetCleaning(wet) if wet else None,
    )
