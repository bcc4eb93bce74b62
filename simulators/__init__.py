"""Programs that behave like the devices: `python -m simulators watch --help`."""
