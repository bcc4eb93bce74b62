"""Runs one message to its end through the stages, and gathers what the commit will write."""

from hub.flow.draft import Draft
from hub.flow.memory import Memory, alert_rules

__all__ = ["Draft", "Memory", "alert_rules"]
