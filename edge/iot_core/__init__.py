"""AWS IoT Core between cameras and a store's broker: a bridge's configuration, and who may do what."""
