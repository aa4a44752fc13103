"""The command line: one command a file, found by the file's name."""
