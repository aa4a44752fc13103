"""Read pages, and the rows that a run writes."""
