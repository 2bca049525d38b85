"""The aggregator: from classified frames to visits and windows, each counted exactly once."""
