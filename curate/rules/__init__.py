"""The engine behind the rule files: format, load, match."""
