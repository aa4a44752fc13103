"""What a run keeps in a store that is no disk: whole objects, and who may write them."""
