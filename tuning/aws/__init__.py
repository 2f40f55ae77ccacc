"""Every call to AWS, by subject; used by the handlers and by the command line."""
