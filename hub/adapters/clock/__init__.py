"""Where the hub's time comes from."""
