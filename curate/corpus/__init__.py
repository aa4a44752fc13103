"""Steps that decide across documents: one file a step."""
