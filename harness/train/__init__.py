"""Jobs become checkpoints and predictions. The one place that imports torch."""
