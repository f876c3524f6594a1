//! Splits any envelope into records, decodes one, refuses with a reason; the tally.
