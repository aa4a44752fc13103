"""Steps that say something about a document."""
