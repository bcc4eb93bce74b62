"""The contracts by kind: a new kind of partner is one module and one line here."""

from collections.abc import Mapping
from types import MappingProxyType

from hub.adapters.partner.contract import Contract
from hub.adapters.partner.dry_cleaner import DRY_CLEANER
from hub.adapters.partner.market import MARKET
from hub.model import ServiceKind

CONTRACTS: Mapping[ServiceKind, Contract] = MappingProxyType(
    {contract.kind: contract for contract in (DRY_CLEANER, MARKET)}
)
