"""Written when the rules were done, which were not changed for them: `got` says where they are wrong."""

MESSAGES = []
