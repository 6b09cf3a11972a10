"""Recurrent units, one kind a file: written out, since torch's LSTM has no forward mode."""
