//! A second evaluator, written from AWS's pages by another hand than the first: short, slow, and obvious. Both must say
//! the same of any number of generated pairs of policies and requests.
//!
//! `BACKTRAIL_TWIN_PAIRS` sets how many pairs are compared, `BACKTRAIL_TWIN_SEED` which, `BACKTRAIL_TWIN_SHOW` after how many disagreements to stop
//! (each is shown in the smallest form that is found), and `TWIN_NEEDS` how many deciding sets are tried.
mod agreement;
mod alphabet;
mod compare;
mod condition;
mod flow;
mod generate;
mod needs;
mod pattern;
mod principal;
mod raw;
mod rule;
mod shrink;
mod spoil;
mod statement;
mod wildcard;
