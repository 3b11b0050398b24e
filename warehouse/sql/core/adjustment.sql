-- grain: one row an adjustment (CAS triplet) of a claim or line, with its class. key: file_hash, segment, position.
-- inputs: era.adjustment, era.claim, core.payment, terms.adjustment_class
-- The row that names the group goes before the one for any group; a code without a class is `unknown`. Adjustments of a claim without
-- service lines stand on line 0, which is the claim itself.
select a.file_hash, a.claim, case when k.line_count = 0 then 0 else a.line end as line, a.segment, a.position, a.group_code, a.reason_code,
       a.adjustment_amount, coalesce(t.class, 'unknown') as class, coalesce(t.refers_back, false) as refers_back, t.source as class_source,
       concat(a.group_code, '-', a.reason_code) as code
from era.adjustment a
join era.claim c on c.file_hash = a.file_hash and c.claim = a.claim
join core.payment p on p.file_hash = c.file_hash and p.payment = c.payment
join core.claim_content k on k.file_hash = a.file_hash and k.claim = a.claim
left join terms.adjustment_class t
  on t.reason_code = a.reason_code and t.group_code in (a.group_code, '*')
 and (t.effective is null or t.effective <= p.remittance_date) and (t.until is null or t.until >= p.remittance_date)
qualify row_number() over (partition by a.file_hash, a.segment, a.position order by (t.group_code = a.group_code) desc nulls last, t.class) = 1
