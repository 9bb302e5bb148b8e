"""Labels made by people: add, change, remove, save; and the rules of all labels."""
