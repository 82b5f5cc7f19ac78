"""What an author runs to prove the course right."""
