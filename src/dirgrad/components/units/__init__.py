"""Units of recurrent networks, one per file.

They are written out in elementary operations because torch's LSTM has no forward mode.
"""
