//! The screens, over answers made by hand.
