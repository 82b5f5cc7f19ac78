"""What must hold for the course to be fair, one module for each claim."""
