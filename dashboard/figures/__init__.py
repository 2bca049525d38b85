"""From a question to figures, none of which rests on fewer visits than a site allows."""
