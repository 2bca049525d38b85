"""What two processes must agree on, and nothing else: data, never behaviour.

Events and their wire bytes, MQTT topics, Redis keys, emotion labels, the window row, the model card.
"""
