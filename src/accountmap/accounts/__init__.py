"""The account list as its owner has it: reading it, and knowing its columns.

`reading` loads the readers and what they need; `schema` alone is light.
"""
