"""What two processes must agree on, and nothing else: data, never behaviour.

Events and their wire bytes, MQTT topics, Redis keys, emotion labels, lengths of windows and how long they are
kept, the window row, alert rules, notes, the model card.
"""
