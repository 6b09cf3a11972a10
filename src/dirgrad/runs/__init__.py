"""From jobs to records: training and the instruments."""
