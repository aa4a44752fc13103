"""The learned page model: features, net, weights. Training and use run the same functions."""
