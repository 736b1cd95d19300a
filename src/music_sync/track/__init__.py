"""A track's journey, one stage a file: detect, match, acquire, analyse, encode, tag, file, publish."""
