"""A run: read, clean, write, count, restore."""
