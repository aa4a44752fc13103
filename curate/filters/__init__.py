"""Steps that drop: measures and judges."""
