"""Programs that behave like the devices: `python -m simulators --help`."""
