"""From what people write to keys that two companies arrive at independently."""
