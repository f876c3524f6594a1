-- title: Objects with duplicates or refusals, or set aside
-- answers: Which log objects held records that were there already or could not be read, and which are no
--     logs?
-- param object text default none: Only this object.
-- column object text: The log object.
-- column outcome text: `read`, `refused` (something in it was not read) or `set aside: KIND`.
-- column read bigint: Entries met in it.
-- column kept bigint: Records that became rows.
-- column duplicate bigint: Records that were rows already.
-- column refused bigint: Entries that could not be read.
-- column batch bigint: The commit that it came with, counted from 1; an object that changed is read again.
-- reads: objects
-- caveat: AWS delivers at least once, and a second trail delivers everything again: duplicates are normal.
--     Which of two objects counts as the duplicate depends on the order of reading.
select object, outcome, read, kept, duplicate, refused, batch
from objects
where (outcome <> 'read' or duplicate > 0)
  and ($object is null or object = $object)
order by duplicate desc, refused desc, object, batch
