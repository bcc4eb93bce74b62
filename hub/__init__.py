"""The hub: takes what devices say, decides, and answers on the wrist."""
