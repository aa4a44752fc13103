"""Configurations that come with curate, as TOML."""
