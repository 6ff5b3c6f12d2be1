"""How the service talks with banks and payment providers."""
