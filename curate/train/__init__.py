"""Train the page model on labelled pages; needs the extra `train`."""
