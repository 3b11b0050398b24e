-- grain: one row a payer as the contracts name it. key: payer. inputs: core.verdict, out.dispute
select v.payer, count(*) as judged_line_count, count(d.dispute_id) as short_line_count,
       coalesce(sum(d.shortfall_amount) filter (where d.is_open), 0)::decimal(18,2) as open_shortfall_amount,
       coalesce(sum(d.shortfall_amount) filter (where d.status = 'expired'), 0)::decimal(18,2) as expired_shortfall_amount,
       min(d.dispute_by) filter (where d.is_open and d.days_left is not null) as first_dispute_by
from core.verdict v
left join out.dispute d on d.line_id = v.line_id
where v.payer is not null
group by v.payer order by open_shortfall_amount desc, v.payer
