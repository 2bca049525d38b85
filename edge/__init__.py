"""Cameras elsewhere: AWS DeepLens, AWS IoT Greengrass, and a store's broker joined to AWS IoT Core."""
