"""What should be true: events, exact amounts, expected positions, books that agree with them, and what differs."""
