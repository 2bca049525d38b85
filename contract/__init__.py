"""What two processes must agree on, and nothing else: data, how it is read, and sums that all do alike.

On the wires: events and topics, announcements. In Redis: its keys, the window row, open visits, how alerts
stand, alert rules, notes, erasures. In files: the model card. Of all: emotion labels, lengths of windows and
how long they are kept, opening hours.
"""
