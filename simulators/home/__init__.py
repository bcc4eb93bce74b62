"""A home that is lived in: its devices with their physics, its people with their days."""
