"""Who talks to whom, under which agreement, in which sealed messages."""
