"""Outside services, spoken to over the contracts in `docs/partners`."""
