"""What repeats across documents: sketches of them, pairs, verification, and the choice of what stays."""
