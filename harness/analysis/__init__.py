"""From example scores to statements: SQL views, significance, comparisons."""
