"""The catalogue: books and the people who wrote them."""
