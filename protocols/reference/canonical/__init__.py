"""canonical-v2 once more, written from the text: from the cells of accounts to match keys.

It reads the tables that are part of the text, uses the libraries that the text names, and shares no code with the
package. It is slow: it exists to write the vectors and to be read beside the text.
"""
