"""The ways in and out: one file for each channel, all behind the seam in `base`."""
