"""The protocols of this directory once more, with plain integers and the standard library only
(but for `canonical`, which needs the libraries that canonical-v2 names).

It shares no code with the package, is slow, and takes no care of side channels: it exists to write the vectors
and to be read beside the texts. Never run it on real lists.
"""
