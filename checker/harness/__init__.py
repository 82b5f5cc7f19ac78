"""The tests ' side: what an exercise test sees of the app, wherever the app runs."""
