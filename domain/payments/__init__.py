"""A payment: its state, its dates, its payee, and the transfers that a rail makes."""
