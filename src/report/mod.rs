//! Results to text, JSON and CSV: the only place where log text becomes output text.
