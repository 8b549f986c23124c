"""How text becomes numbers: vocabularies, byte pairs, forms of words, vectors of words."""
