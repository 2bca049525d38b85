"""Training on AWS SageMaker, or on this machine just as there."""
