"""How good an answer is: metrics with intervals and baselines, on plain arrays; nothing here knows tasks or models."""
