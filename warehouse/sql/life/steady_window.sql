-- grain: one row a line of core.steady_line: the first level of its contract and the day it is counted from. key: line_id.
-- inputs: core.steady_line, terms.dispute_window. The last day is reckoned from that (contracts.last_day).
select s.line_id, w.days, w.unit, w.receipt_days, case when w.counted_from = 'service' then s.service_date else s.told_date end as anchor_date
from core.steady_line s
join terms.dispute_window w on w.contract = s.contract and w.contract_effective = s.contract_effective and w.source_file = s.contract_file
where not w.fallback
qualify row_number() over (partition by s.line_id order by w.position) = 1
order by s.line_id
