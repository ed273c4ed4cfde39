"""Who may call, how often, and through which proxies."""
