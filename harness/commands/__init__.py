"""The commands, in the order of a row: data, runs, results. Each parses, calls and prints; the call is elsewhere."""
