"""The account list as its owner has it: reading it, and what its columns are.

`read` imports the readers and what they need; `schema` alone is quick to import.
"""
