"""What should be true: events, exact amounts, expected positions, and what differs from them."""
