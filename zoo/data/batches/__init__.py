"""Items in an order, as batches: data sets, orders, splits, loaders."""
