"""What comes in and what goes out: one schema for each resource."""
