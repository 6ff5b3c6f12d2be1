"""What tests of the desk share with those of the store: both databases, and a round in them."""
