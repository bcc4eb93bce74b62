"""Drills: what the hub promises, held against a ledger kept outside of it, while parts are killed."""
