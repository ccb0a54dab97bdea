"""The sentences that explain an answer in plain words, and the conditions under which each is true."""
