"""Functions on text and on arrays of code points."""
