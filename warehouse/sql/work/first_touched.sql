-- The claims that a night touches by itself: those of its own payments, those of payments whose standing as a copy changed, and those
-- that a file's new name is shown on. inputs: work.touched_payment, core.payment, core.claim, warehouse.core.payment, warehouse.era.file_seen
insert into work.touched
select c.file_hash, c.claim
from core.claim c
join core.payment p on p.file_hash = c.file_hash and p.payment = c.payment
left join warehouse.core.payment k on k.file_hash = p.file_hash and k.payment = p.payment
where k.file_hash is null or k.resent <> p.resent
   or c.file_hash in (select file_hash from warehouse.era.file_seen where arrival > (select arrival from warehouse.work.judged))
