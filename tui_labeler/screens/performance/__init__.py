"""How a trained model performs: seven pages of its card."""
