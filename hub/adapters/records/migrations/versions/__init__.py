"""Revisions, each of which says only what changed; none imports the tables as they are now."""
