"""Jobs: their list, what is asked before one goes on, two of them compared."""
