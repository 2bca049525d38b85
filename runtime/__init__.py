"""What several rooms run alike.

How a process runs: settings, arguments, logs, health and metrics, a clean stop, failures told in one line.
What it is connected to: the broker, Redis, trying again. What more than one of them does with the contract's
data: classify faces, turn crops into emotions, read windows back, figures of them, their expiry, time zones.
"""
