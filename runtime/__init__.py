"""How a process of MoodLens runs: settings, connections, logs, metrics, health, a clean stop."""
