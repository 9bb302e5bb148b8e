"""Where the outside packages are met: stores, containers, estimators."""
