"""What people who write rules need: test, lint, try, explain, compare and propose them."""
