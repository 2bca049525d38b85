"""AWS IoT Greengrass v2: the ordinary producer as a component."""
