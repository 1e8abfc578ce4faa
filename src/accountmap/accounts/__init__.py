"""The account list as its owner has it: reading it, and knowing its columns."""
