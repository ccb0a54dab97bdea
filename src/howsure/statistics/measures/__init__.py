"""What attempts took: ratios of means, by one set of influences."""
