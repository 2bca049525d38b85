"""The worker: face crops in over MQTT, seven probabilities a face out into the Redis streams."""
