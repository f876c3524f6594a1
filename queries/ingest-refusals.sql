-- title: What could not be read
-- answers: Which objects and records were refused, and why?
-- param object text default none: Only this object.
-- column object text: The log object.
-- column record_index bigint: The record's place in it, from 0; none for the object as a whole.
-- column reason text: What was expected and what was found.
-- column batch bigint: The commit that the refusal came with; an object that changed is read again.
-- reads: refusals
-- caveat: Good records around a refused one are kept. A refused object as a whole counts once, however many
--     records it may hold.
select object, record_index, reason, batch
from refusals
where $object is null or object = $object
order by object, batch, record_index nulls first, reason
