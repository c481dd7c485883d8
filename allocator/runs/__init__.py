"""One run of each decision: its sequence from the instance to a judged plan."""
