"""Steps that propose other text."""
