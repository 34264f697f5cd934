"""Pictures that we draw: results of votes, journeys, and the words in them."""
