"""The schema's history, one file a revision; carried in the wheel and run at start-up."""
