"""The operator's hand: sets a server up, lets cameras in and out, examines it, exports and erases."""
