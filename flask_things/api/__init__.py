"""flask-smorest, configured."""
