"""The watch screen: saves, keys and verdicts meet in one queue, and one thread draws."""
