"""From predictions to example scores: metrics and their sufficient statistics, numpy only."""
