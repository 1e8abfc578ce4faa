"""The calls that put several parts together, for programs and for the command line."""
