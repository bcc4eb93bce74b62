"""The device kinds that ship with the hub: one module a kind, each exporting `KIND`."""
