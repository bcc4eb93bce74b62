"""Gatekeepers: who may connect to a broker, and to which topics."""
