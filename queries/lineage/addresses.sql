-- view: addresses
-- what: From where each caller called, one row for each address (or name of a service).
-- column calls bigint: How many events.
select caller, source_ip_address, count(*) as calls
from calls
where caller is not null and source_ip_address is not null
group by caller, source_ip_address
