"""Who talks to whom, under which agreement, and in which sealed messages."""
