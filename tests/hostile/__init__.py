"""Files made to harm: what happens when each is opened."""
