-- grain: one row a payer, kind of denial and what to do about it. key: payer, denial_kind, strategy. inputs: out.denial, core.claim
-- Payers as remittances name them: what no contract covers is refused too.
select c.payer_name, d.denial_kind, d.strategy, count(*) as denial_count, sum(d.charge_amount)::decimal(18,2) as charge_amount,
       count(*) filter (where d.status = 'open') as open_count,
       coalesce(sum(d.recoverable_amount) filter (where d.status = 'open'), 0)::decimal(18,2) as recoverable_amount,
       count(*) filter (where d.status = 'open' and d.recoverable_amount is null) as unpriced_count,
       min(d.deadline_date) filter (where d.status = 'open') as first_deadline_date,
       count(*) filter (where d.status = 'expired') as expired_count, count(*) filter (where d.status = 'paid') as paid_count,
       coalesce(sum(d.recovered_amount), 0)::decimal(18,2) as recovered_amount
from out.denial d
join core.claim c on c.file_hash = d.file_hash and c.claim = d.claim
group by c.payer_name, d.denial_kind, d.strategy
