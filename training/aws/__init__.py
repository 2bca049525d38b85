"""Data sets and models on S3."""
