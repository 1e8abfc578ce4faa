"""From what people write to keys at which two companies arrive independently."""
