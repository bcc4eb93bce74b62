"""What the hub promises, held against a ledger kept outside of it while its parts are killed."""
