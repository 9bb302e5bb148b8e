"""What each method of autolabeling does with a document."""
