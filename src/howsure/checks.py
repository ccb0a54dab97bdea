"""One check each for counts, shares, levels and names: plain values in, OptionError out."""
