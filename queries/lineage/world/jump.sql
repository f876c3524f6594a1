-- One round of pointer doubling: every row that may go on takes the jump of where it stands; one that finds none stands at
-- a root and stays. c: from, p: to, d: links in between, k: whether one of them is only claimed, l: the last issuance, m:
-- whether each of them is to the first of its candidates.
select
  active.c,
  coalesce(jumps.p, active.p) as p,
  active.d + coalesce(jumps.d, 0) as d,
  active.k or coalesce(jumps.k, false) as k,
  coalesce(jumps.l, active.l) as l,
  active.m and coalesce(jumps.m, true) as m,
  jumps.p is not null as moved
from active left join jumps on active.p = jumps.c
