"""What must hold of the templates, one module a subject; tests ask them, and so does the weakening."""
