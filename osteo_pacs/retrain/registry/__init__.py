"""Model versions: taken in, tried, put into service and out of it, and where their bundles lie."""
