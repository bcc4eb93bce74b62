"""Free conditions of links."""
