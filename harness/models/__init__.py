"""Model weights on disk: find them, import or make them, and say what they are by a digest; never torch."""
