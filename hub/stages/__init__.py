"""The stages: pure functions from a message and a view to more messages; none knows another."""
