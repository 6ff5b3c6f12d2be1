"""What banks and payment providers are told, and what they say."""
