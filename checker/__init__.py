"""The checker of the course "Build, Secure, Ship"."""
