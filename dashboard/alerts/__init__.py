"""Alerts of a site, and the rules that raise them."""
