"""A camera: frames → faces → tracks → crops → MQTT. No face's image ever touches a disk or a log."""
