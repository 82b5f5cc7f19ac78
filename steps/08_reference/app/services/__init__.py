"""What the library can do: its rules, and its transactions. One module for each topic."""
