-- grain: one row a payment to be read again. key: file_hash, payment. inputs: related_claim, related_adjustment, era.claim, era.payment
-- Those of the claims, those whose provider adjustments name one, and copies of them (told by their trace number).
with own as (
    select c.file_hash, c.payment from era.claim c semi join related_claim using (file_hash, claim)
    union
    select file_hash, payment from related_adjustment
)
select file_hash, payment from own
union
select p.file_hash, p.payment
from era.payment p
semi join (select trace_number from era.payment semi join own using (file_hash, payment)) using (trace_number)
order by file_hash, payment
