"""From matched groups to the account map: segments, plays, whitespace."""
