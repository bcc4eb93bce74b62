"""Measures a hub as a whole, beside what a user would write by hand: `hub bench --help`.

Everything runs as a process of its own, so that nothing measured pays for the measuring.
"""
