"""What is known of cameras themselves: whether they are there, what they see, how well they look."""
