"""gunicorn: settings, hooks and worker."""
