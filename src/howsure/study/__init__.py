"""A study: scores grouped once, as items by models, with every attribute of an item."""
