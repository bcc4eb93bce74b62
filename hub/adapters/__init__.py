"""The technologies: one folder a port, one file a technology."""
