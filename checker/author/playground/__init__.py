"""The course in the page: what the site's "Try it here" is made of."""
