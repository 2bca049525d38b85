"""How fast the system is here, against the machine's own limits: ``make bench``."""
