"""flask-smorest with our configuration."""
