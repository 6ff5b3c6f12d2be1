"""What is written down and told when something happens."""
